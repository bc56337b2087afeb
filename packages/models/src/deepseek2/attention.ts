import {
  type Axis,
  cacheAppend,
  type GraphBuilder,
  matmul,
  merge,
  mlaAttention,
  rmsNorm,
  rope,
  split,
  type Tensor,
} from "@tensorplan/ir";
import type { CacheDType } from "../definition/model.ts";
import type { StepAxes, StepInputs } from "../definition/step.ts";
import type { WeightReader } from "../definition/weights.ts";
import type { RopeSettings } from "../parts/ropeScaling.ts";
import type { Deepseek2Axes } from "./axes.ts";
import { attentionScale, type Deepseek2Config } from "./config.ts";
import { readHeadWeights } from "./headWeights.ts";

type Hidden = Tensor<readonly [Axis<"tokens">, Axis<"embd">], "f32">;

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
function query({ config, axes, step, weights }: Deepseek2Context, layer: string, x: Hidden) {
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

/** One row of the compressed cache for every token: the normed latent and the rotated shared key, [tokens, kv]. */
function cacheRow({ config, axes, step, weights }: Deepseek2Context, layer: string, x: Hidden) {
  const row = matmul("kv_a", x, weights.matrix(`${layer}.attn_kv_a_mqa.weight`, [axes.kv, axes.embd]));
  const normed = rmsNorm("kv_a_norm", row, weights.vector(`${layer}.attn_kv_a_norm.weight`, [axes.latent]), {
    eps: config.normEps,
    part: axes.latent,
  });
  return rope("k_rope", normed, step.positions, { ...ropeSettings(config), part: axes.rope });
}

/** Multi-head latent attention of one layer. @see DeepSeek-V2, arXiv:2405.04434, section 2.1 */
export function attention(context: Deepseek2Context, index: number, x: Hidden): Hidden {
  const { builder, config, axes, stepAxes, step, weights } = context;
  const layer = `blk.${index}`;
  const state = builder.state(`cache.${index}.kv`, [stepAxes.slots, axes.kv], context.cacheDType);
  const cache = cacheAppend("cache", state, cacheRow(context, layer, x), step.slots);
  const out = mlaAttention(
    "mla",
    {
      q: query(context, layer, x),
      cache,
      ...readHeadWeights(context, layer),
      paging: step,
    },
    { scale: attentionScale(config), nope: axes.nope, rope: axes.rope, latent: axes.latent },
  );
  const merged = merge("heads", out, axes.attnOut);
  return matmul("out", merged, weights.matrix(`${layer}.attn_output.weight`, [axes.embd, axes.attnOut]));
}
