import { cacheAppend, matmul, merge, mlaAttention } from "@tensorplan/ir";
import type { Hidden } from "../parts/gatedFeedForward.ts";
import { type Deepseek2Context, latentRow, query } from "./attentionParts.ts";
import { attentionScale } from "./config.ts";
import { readHeadWeights } from "./headWeights.ts";

/** Multi-head latent attention of one layer. @see DeepSeek-V2, arXiv:2405.04434, section 2.1 */
export function attention(context: Deepseek2Context, index: number, x: Hidden): Hidden {
  const { builder, config, axes, stepAxes, step, weights } = context;
  const layer = `blk.${index}`;
  const state = builder.state(`cache.${index}.kv`, [stepAxes.slots, axes.kv], context.cacheDType);
  const cache = cacheAppend("cache", state, latentRow(context, layer, x), step.slots);
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
