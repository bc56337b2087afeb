import { axis, type Graph, GraphBuilder } from "@tensorplan/ir";
import { HyperparameterReader, type Metadata } from "../definition/metadata.ts";
import type { GraphOptions, ModelDefinition } from "../definition/model.ts";
import { stepAxes, stepInputs, symbolsOf } from "../definition/step.ts";
import { type TensorTable, WeightReader } from "../definition/weights.ts";
import { decoder } from "../parts/decoder.ts";
import { groupedAttention, groupedAttentionAxes } from "../parts/groupedAttention.ts";
import { type RopeSettings, readRopeScaling } from "../parts/ropeScaling.ts";
import { type Routing, routedExperts } from "../parts/routedExperts.ts";

/** Settings of Qwen3 mixture-of-experts models (arXiv:2505.09388). All sizes in elements. */
export interface Qwen3MoeConfig {
  readonly layers: number;
  readonly vocab: number;
  readonly embd: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly experts: number;
  readonly expertsUsed: number;
  readonly expertFfn: number;
  readonly routing: Routing;
  readonly rope: RopeSettings;
  readonly normEps: number;
  readonly trainedContext: number;
}

/** @throws TensorplanError `model/metadata-missing`, `model/metadata-invalid` */
function readQwen3MoeConfig(metadata: Metadata, tensors: TensorTable): Qwen3MoeConfig {
  const read = new HyperparameterReader(metadata, "qwen3moe");
  const heads = read.count("attention.head_count");
  const embd = read.count("embedding_length");
  return {
    layers: read.count("block_count"),
    vocab: tensors.get("token_embd.weight")?.shape[0] ?? read.count("vocab_size"),
    embd,
    heads,
    kvHeads: read.optionalCount("attention.head_count_kv") ?? heads,
    headDim: read.optionalCount("attention.key_length") ?? embd / heads,
    experts: read.count("expert_count"),
    expertsUsed: read.count("expert_used_count"),
    expertFfn: read.count("expert_feed_forward_length"),
    routing: { gating: "softmax", groups: undefined, normalise: true, scale: 1 },
    rope: {
      style: "neox",
      base: read.optionalNumber("rope.freq_base") ?? 1_000_000,
      scaling: readRopeScaling(read),
    },
    normEps: read.number("attention.layer_norm_rms_epsilon"),
    trainedContext: read.count("context_length"),
  };
}

export function qwen3MoeGraph(config: Qwen3MoeConfig, tensors: TensorTable, options: GraphOptions): Graph {
  const builder = new GraphBuilder("qwen3moe", symbolsOf(options.limits));
  const steps = stepAxes();
  const step = stepInputs(builder, steps);
  const weights = new WeightReader(builder, tensors);
  const embd = axis("embd", config.embd);
  const vocab = axis("vocab", config.vocab);
  const experts = axis("experts", config.experts);
  const used = axis("used", config.expertsUsed);
  const width = axis("expert_ffn", config.expertFfn);
  const attention = {
    builder,
    weights,
    axes: { ...groupedAttentionAxes(config), embd },
    stepAxes: steps,
    step,
    cacheDType: options.cacheDType,
    scale: 1 / Math.sqrt(config.headDim),
    rope: config.rope,
    headNormEps: config.normEps,
  };
  decoder(builder, step, weights, {
    layers: config.layers,
    embd,
    vocab,
    normEps: config.normEps,
    attention: (layer, x) => groupedAttention(attention, layer, x),
    feedForward: (layer, x) =>
      routedExperts(weights, x, {
        layer: `blk.${layer}`,
        embd,
        experts,
        used,
        width,
        routing: config.routing,
      }),
  });
  return builder.finish();
}

export const qwen3moe: ModelDefinition = {
  architecture: "qwen3moe",
  read(metadata, tensors) {
    const config = readQwen3MoeConfig(metadata, tensors);
    return {
      architecture: "qwen3moe",
      shape: {
        layers: config.layers,
        embd: config.embd,
        vocab: config.vocab,
        trainedContext: config.trainedContext,
      },
      graph: (options) => qwen3MoeGraph(config, tensors, options),
    };
  },
};
