import {
  type Axis,
  attention,
  axis,
  cacheAppend,
  concat,
  concatAxis,
  matmul,
  merge,
  rename,
  slice,
  split,
  type Tensor,
} from "@tensorplan/ir";
import type { Hidden } from "../parts/gatedFeedForward.ts";
import { type Deepseek2Context, latentRow, query } from "./attentionParts.ts";
import type { Deepseek2Axes } from "./axes.ts";
import { attentionScale } from "./config.ts";
import { readHeadMatrices } from "./headWeights.ts";

/** The rotated key, beside itself so many times. */
interface Copies {
  readonly copies: number;
  readonly rows: Tensor<readonly [Axis<"tokens">, Axis<`rope_${number}`>], "f32">;
}

/**
 * The rotated key, which all heads share, once for every head: [tokens, rope] → [tokens, heads, rope]. It is doubled as long as that fits;
 * the heads that are missing then are put beside it.
 */
function ropeOfEveryHead(
  { rope, sharedKeys }: Deepseek2Axes,
  heads: number,
  key: Tensor<readonly [Axis<"tokens">, Axis<"rope">], "f32">,
) {
  const beside = (a: Copies, b: Copies): Copies => {
    const copies = a.copies + b.copies;
    const into = concatAxis(`rope_${copies}` as const, a.rows.axes[1], b.rows.axes[1]);
    return { copies, rows: concat(`k_rope_${copies}`, a.rows, b.rows, into) };
  };
  let whole: Copies = { copies: 1, rows: rename("k_rope_1", key, rope, axis("rope_1", rope.size)) };
  const doubled = [whole];
  while (whole.copies * 2 <= heads) {
    whole = beside(whole, whole);
    doubled.push(whole);
  }
  for (const part of doubled.toReversed()) {
    if (whole.copies + part.copies <= heads) whole = beside(whole, part);
  }
  return split("k_rope_heads", rename("k_rope_merged", whole.rows, whole.rows.axes[1], sharedKeys));
}

/**
 * The same attention as plain multi-head attention: keys and values of every head are made from the latent once, and cached whole. @see
 * DeepSeek-V2, arXiv:2405.04434, section 2.1
 */
export function plainAttention(context: Deepseek2Context, index: number, x: Hidden): Hidden {
  const { builder, config, axes, stepAxes, step, weights, cacheDType } = context;
  const layer = `blk.${index}`;
  const row = latentRow(context, layer, x);
  const latent = slice("latent", row, axes.latent);
  const { kUp, vB } = readHeadMatrices(context, layer);
  const fromLatent = split("k_nope_heads", matmul("k_nope", latent, kUp));
  const shared = ropeOfEveryHead(axes, config.heads, slice("k_shared", row, axes.rope));
  const k = concat("k", fromLatent, shared, axes.qk);
  const v = split("v_heads", matmul("v", latent, vB));

  const keys = builder.state(`cache.${index}.k`, [stepAxes.slots, axes.heads, axes.qk], cacheDType);
  const values = builder.state(`cache.${index}.v`, [stepAxes.slots, axes.heads, axes.value], cacheDType);
  const out = attention(
    "attention",
    query(context, layer, x),
    cacheAppend("k_cache", keys, k, step.slots),
    cacheAppend("v_cache", values, v, step.slots),
    step,
    { scale: attentionScale(config) },
  );
  const merged = merge("heads", out, axes.attnOut);
  return matmul("out", merged, weights.matrix(`${layer}.attn_output.weight`, [axes.embd, axes.attnOut]));
}
