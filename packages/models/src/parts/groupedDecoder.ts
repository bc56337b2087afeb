import { type Axis, axis, type Graph, GraphBuilder } from "@tensorplan/ir";
import { HyperparameterReader } from "../definition/metadata.ts";
import type { GraphOptions, ModelDefinition } from "../definition/model.ts";
import { stepAxes, stepInputs, symbolsOf } from "../definition/step.ts";
import { type TensorTable, WeightReader } from "../definition/weights.ts";
import { decoder } from "./decoder.ts";
import { gatedFeedForward, type Hidden } from "./gatedFeedForward.ts";
import { groupedAttention, groupedAttentionAxes } from "./groupedAttention.ts";
import { type RopeSettings, readRopeScaling } from "./ropeScaling.ts";
import { type Routing, routedExperts } from "./routedExperts.ts";

/** One gated feed-forward network a layer, or many of which a router picks some. Widths in elements. */
type FeedForwardConfig =
  | { readonly kind: "dense"; readonly width: number }
  | {
      readonly kind: "experts";
      readonly experts: number;
      readonly used: number;
      readonly width: number;
      readonly routing: Routing;
    };

/** Settings of decoders with grouped-query attention: Llama and those built like it. All sizes in elements. */
interface GroupedDecoderConfig {
  readonly layers: number;
  readonly vocab: number;
  readonly embd: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly feedForward: FeedForwardConfig;
  /** Whether each head's query and key are normed before they are turned. */
  readonly headNorms: boolean;
  readonly rope: RopeSettings;
  readonly normEps: number;
  readonly trainedContext: number;
}

/** In what the families differ. */
interface Family {
  readonly ropeStyle: RopeSettings["style"];
  /** Where the file names none. */
  readonly ropeBase: number;
  readonly headNorms: boolean;
  /** @throws TensorplanError `model/metadata-missing`, `model/metadata-invalid` */
  readonly feedForward: (read: HyperparameterReader) => FeedForwardConfig;
}

/** @throws TensorplanError `model/metadata-missing`, `model/metadata-invalid` */
function readConfig(read: HyperparameterReader, tensors: TensorTable, family: Family): GroupedDecoderConfig {
  const heads = read.count("attention.head_count");
  const embd = read.count("embedding_length");
  return {
    layers: read.count("block_count"),
    vocab: tensors.get("token_embd.weight")?.shape[0] ?? read.count("vocab_size"),
    embd,
    heads,
    kvHeads: read.optionalCount("attention.head_count_kv") ?? heads,
    headDim: read.optionalCount("attention.key_length") ?? embd / heads,
    feedForward: family.feedForward(read),
    headNorms: family.headNorms,
    rope: {
      style: family.ropeStyle,
      base: read.optionalNumber("rope.freq_base") ?? family.ropeBase,
      scaling: readRopeScaling(read),
    },
    normEps: read.number("attention.layer_norm_rms_epsilon"),
    trainedContext: read.count("context_length"),
  };
}

/** An architecture made of grouped-query attention and what `family` says. */
export const groupedArchitecture = (architecture: string, family: Family): ModelDefinition => ({
  architecture,
  read(metadata, tensors) {
    const config = readConfig(new HyperparameterReader(metadata, architecture), tensors, family);
    const { layers, embd, vocab, trainedContext } = config;
    return {
      architecture,
      shape: { layers, embd, vocab, trainedContext },
      graph: (options) => groupedDecoder(architecture, config, tensors, options),
    };
  },
});

export const denseFeedForward = (read: HyperparameterReader): FeedForwardConfig => ({
  kind: "dense",
  width: read.count("feed_forward_length"),
});

/** The graph of a decoder with grouped-query attention; `name` is the architecture's. */
function groupedDecoder(
  name: string,
  config: GroupedDecoderConfig,
  tensors: TensorTable,
  options: GraphOptions,
): Graph {
  const builder = new GraphBuilder(name, symbolsOf(options.limits));
  const steps = stepAxes();
  const step = stepInputs(builder, steps);
  const weights = new WeightReader(builder, tensors);
  const embd = axis("embd", config.embd);
  const vocab = axis("vocab", config.vocab);
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
    headNormEps: config.headNorms ? config.normEps : undefined,
  };
  decoder(builder, step, weights, {
    layers: config.layers,
    embd,
    vocab,
    normEps: config.normEps,
    attention: (layer, x) => groupedAttention(attention, layer, x),
    feedForward: feedForwardOf(config.feedForward, weights, embd),
  });
  return builder.finish();
}

function feedForwardOf(config: FeedForwardConfig, weights: WeightReader, embd: Axis<"embd">) {
  if (config.kind === "dense") {
    const width = axis("ffn", config.width);
    return <Rows extends Axis>(layer: number, x: Hidden<Rows>): Hidden<Rows> =>
      gatedFeedForward(weights, x, { layer: `blk.${layer}`, embd, width });
  }
  const experts = axis("experts", config.experts);
  const used = axis("used", config.used);
  const width = axis("expert_ffn", config.width);
  const { routing } = config;
  return <Rows extends Axis>(layer: number, x: Hidden<Rows>): Hidden<Rows> =>
    routedExperts(weights, x, { layer: `blk.${layer}`, embd, experts, used, width, routing });
}
