import { type Graph, GraphBuilder } from "@tensorplan/ir";
import type { GraphOptions, ModelDefinition } from "../definition/model.ts";
import { stepAxes, stepInputs, symbolsOf } from "../definition/step.ts";
import { type TensorTable, WeightReader } from "../definition/weights.ts";
import { decoder } from "../parts/decoder.ts";
import { attention } from "./attention.ts";
import type { Deepseek2Context } from "./attentionParts.ts";
import { deepseek2Axes } from "./axes.ts";
import { type Deepseek2Config, readDeepseek2Config } from "./config.ts";
import { feedForward } from "./feedForward.ts";
import { plainAttention } from "./plainAttention.ts";

/** The settings that a graph is written by. */
const switched = (config: Deepseek2Config, { switches }: GraphOptions): Deepseek2Config =>
  switches?.has("ungrouped-experts")
    ? { ...config, routing: { ...config.routing, groups: undefined } }
    : config;

/** DeepSeek V2, V2-Lite, V3 and R1 as a graph: logits f32[outputs, vocab]. */
export function deepseek2Graph(whole: Deepseek2Config, tensors: TensorTable, options: GraphOptions): Graph {
  const config = switched(whole, options);
  const builder = new GraphBuilder("deepseek2", symbolsOf(options.limits));
  const axes = deepseek2Axes(config);
  const steps = stepAxes();
  const step = stepInputs(builder, steps);
  const weights = new WeightReader(builder, tensors);
  const context: Deepseek2Context = {
    builder,
    config,
    axes,
    stepAxes: steps,
    step,
    weights,
    cacheDType: options.cacheDType,
  };
  const attend = options.switches?.has("plain-attention") ? plainAttention : attention;
  decoder(builder, step, weights, {
    layers: config.layers,
    embd: axes.embd,
    vocab: axes.vocab,
    normEps: config.normEps,
    attention: (layer, x) => attend(context, layer, x),
    feedForward: (layer, x) => feedForward(context, layer, x),
  });
  return builder.finish();
}

export const deepseek2: ModelDefinition = {
  architecture: "deepseek2",
  read(metadata, tensors) {
    const config = readDeepseek2Config(metadata, tensors);
    return {
      architecture: "deepseek2",
      shape: {
        layers: config.layers,
        embd: config.embd,
        vocab: config.vocab,
        trainedContext: config.trainedContext,
      },
      switches: [
        "plain-attention",
        ...(config.routing.groups === undefined ? [] : ["ungrouped-experts" as const]),
      ],
      graph: (options) => deepseek2Graph(config, tensors, options),
    };
  },
};
