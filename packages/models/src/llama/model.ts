import { axis, type Graph, GraphBuilder } from "@tensorplan/ir";
import { HyperparameterReader, type Metadata } from "../definition/metadata.ts";
import type { GraphOptions, ModelDefinition } from "../definition/model.ts";
import { stepAxes, stepInputs, symbolsOf } from "../definition/step.ts";
import { type TensorTable, WeightReader } from "../definition/weights.ts";
import { decoder } from "../parts/decoder.ts";
import { gatedFeedForward } from "../parts/gatedFeedForward.ts";
import { groupedAttention, groupedAttentionAxes } from "../parts/groupedAttention.ts";
import { type RopeSettings, readRopeScaling } from "../parts/ropeScaling.ts";

/** Settings of Llama 2 and 3 and models built like them. All sizes in elements. */
export interface LlamaConfig {
  readonly layers: number;
  readonly vocab: number;
  readonly embd: number;
  readonly ffn: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly rope: RopeSettings;
  readonly normEps: number;
  readonly trainedContext: number;
}

/** @throws TensorplanError `model/metadata-missing`, `model/metadata-invalid` */
function readLlamaConfig(metadata: Metadata, tensors: TensorTable): LlamaConfig {
  const read = new HyperparameterReader(metadata, "llama");
  const heads = read.count("attention.head_count");
  const embd = read.count("embedding_length");
  const headDim = read.optionalCount("attention.key_length") ?? embd / heads;
  return {
    layers: read.count("block_count"),
    vocab: tensors.get("token_embd.weight")?.shape[0] ?? read.count("vocab_size"),
    embd,
    ffn: read.count("feed_forward_length"),
    heads,
    kvHeads: read.optionalCount("attention.head_count_kv") ?? heads,
    headDim,
    rope: {
      // Converters permute the rows of q and k so that rotated pairs lie side by side.
      style: "interleaved",
      base: read.optionalNumber("rope.freq_base") ?? 10000,
      scaling: readRopeScaling(read),
    },
    normEps: read.number("attention.layer_norm_rms_epsilon"),
    trainedContext: read.count("context_length"),
  };
}

export function llamaGraph(config: LlamaConfig, tensors: TensorTable, options: GraphOptions): Graph {
  const builder = new GraphBuilder("llama", symbolsOf(options.limits));
  const steps = stepAxes();
  const step = stepInputs(builder, steps);
  const weights = new WeightReader(builder, tensors);
  const embd = axis("embd", config.embd);
  const vocab = axis("vocab", config.vocab);
  const ffn = axis("ffn", config.ffn);
  const pairs = axis("rope_pairs", config.headDim / 2);
  const attention = {
    builder,
    weights,
    axes: { ...groupedAttentionAxes(config), embd },
    stepAxes: steps,
    step,
    cacheDType: options.cacheDType,
    scale: 1 / Math.sqrt(config.headDim),
    rope: config.rope,
    ropeFactors: weights.has("rope_freqs.weight") ? weights.vector("rope_freqs.weight", [pairs]) : undefined,
  };
  decoder(builder, step, weights, {
    layers: config.layers,
    embd,
    vocab,
    normEps: config.normEps,
    attention: (layer, x) => groupedAttention(attention, layer, x),
    feedForward: (layer, x) => gatedFeedForward(weights, x, { layer: `blk.${layer}`, embd, width: ffn }),
  });
  return builder.finish();
}

export const llama: ModelDefinition = {
  architecture: "llama",
  read(metadata, tensors) {
    const config = readLlamaConfig(metadata, tensors);
    return {
      architecture: "llama",
      shape: {
        layers: config.layers,
        embd: config.embd,
        vocab: config.vocab,
        trainedContext: config.trainedContext,
      },
      graph: (options) => llamaGraph(config, tensors, options),
    };
  },
};
