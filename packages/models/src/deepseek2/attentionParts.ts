import { type GraphBuilder, matmul, rmsNorm, rope, split } from "@tensorplan/ir";
import type { CacheDType } from "../definition/model.ts";
import type { StepAxes, StepInputs } from "../definition/step.ts";
import type { WeightReader } from "../definition/weights.ts";
import type { Hidden } from "../parts/gatedFeedForward.ts";
import type { RopeSettings } from "../parts/ropeScaling.ts";
import type { Deepseek2Axes } from "./axes.ts";
import type { Deepseek2Config } from "./config.ts";

/** What the layers of one graph share. */
export interface Deepseek2Context {
  readonly builder: GraphBuilder;
  readonly config: Deepseek2Config;
  readonly axes: Deepseek2Axes;
  readonly stepAxes: StepAxes;
  readonly step: StepInputs;
  readonly weights: WeightReader;
  readonly cacheDType: CacheDType;
}

function ropeSettings({ ropeBase, yarn }: Deepseek2Config): RopeSettings {
  return {
    style: "interleaved",
    base: ropeBase,
    scaling: yarn && {
      kind: "yarn",
      factor: yarn.factor,
      originalContext: yarn.originalContext,
      betaFast: 32,
      betaSlow: 1,
      // YaRN's factor on cos and sin stands squared in the softmax scale instead.
      magnitude: 1,
    },
  };
}

/** The query of every head, its last part rotated: [tokens, heads, qk]. */
export function query({ config, axes, step, weights }: Deepseek2Context, layer: string, x: Hidden) {
  const project = () => {
    if (config.queryLora === undefined) {
      return matmul("q", x, weights.matrix(`${layer}.attn_q.weight`, [axes.queries, axes.embd]));
    }
    const low = matmul("q_a", x, weights.matrix(`${layer}.attn_q_a.weight`, [axes.queryLora, axes.embd]));
    const normed = rmsNorm(
      "q_a_norm",
      low,
      weights.vector(`${layer}.attn_q_a_norm.weight`, [axes.queryLora]),
      {
        eps: config.normEps,
      },
    );
    return matmul("q_b", normed, weights.matrix(`${layer}.attn_q_b.weight`, [axes.queries, axes.queryLora]));
  };
  return rope("q_rope", split("q_heads", project()), step.positions, {
    ...ropeSettings(config),
    part: axes.rope,
  });
}

/** For every token the normed latent and the rotated key that all heads share: [tokens, kv]. */
export function latentRow({ config, axes, step, weights }: Deepseek2Context, layer: string, x: Hidden) {
  const row = matmul("kv_a", x, weights.matrix(`${layer}.attn_kv_a_mqa.weight`, [axes.kv, axes.embd]));
  const normed = rmsNorm("kv_a_norm", row, weights.vector(`${layer}.attn_kv_a_norm.weight`, [axes.latent]), {
    eps: config.normEps,
    part: axes.latent,
  });
  return rope("k_rope", normed, step.positions, { ...ropeSettings(config), part: axes.rope });
}
