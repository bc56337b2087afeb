import {
  type Axis,
  attention,
  axis,
  cacheAppend,
  type GraphBuilder,
  matmul,
  merge,
  productAxis,
  rmsNorm,
  rope,
  split,
  type Tensor,
} from "@tensorplan/ir";
import type { CacheDType } from "../definition/model.ts";
import type { StepAxes, StepInputs } from "../definition/step.ts";
import type { WeightReader } from "../definition/weights.ts";
import type { Hidden } from "./gatedFeedForward.ts";
import type { RopeSettings } from "./ropeScaling.ts";

/** Axes of grouped-query attention: `heads` query heads share `kvHeads` key and value heads. */
export function groupedAttentionAxes(sizes: { heads: number; kvHeads: number; headDim: number }) {
  const heads = axis("heads", sizes.heads);
  const kvHeads = axis("kv_heads", sizes.kvHeads);
  const headDim = axis("head_dim", sizes.headDim);
  return {
    heads,
    kvHeads,
    headDim,
    queries: productAxis("queries", heads, headDim),
    keys: productAxis("keys", kvHeads, headDim),
  };
}

export interface GroupedAttentionContext {
  readonly builder: GraphBuilder;
  readonly weights: WeightReader;
  readonly axes: ReturnType<typeof groupedAttentionAxes> & { readonly embd: Axis<"embd"> };
  readonly stepAxes: StepAxes;
  readonly step: StepInputs;
  readonly cacheDType: CacheDType;
  /** Factor on the dot products, `1 / √headDim`. */
  readonly scale: number;
  readonly rope: RopeSettings;
  /** Frequency factors of the rotation (Llama 3), where the file has them. */
  readonly ropeFactors?: Tensor<readonly [Axis<"rope_pairs">], "f32"> | undefined;
  /** Epsilon of the norms over each head's query and key; undefined where the model has none. */
  readonly headNormEps?: number | undefined;
}

/** Grouped-query attention of one layer, keys and values cached whole. @see Ainslie et al., arXiv:2305.13245 */
export function groupedAttention(context: GroupedAttentionContext, index: number, x: Hidden): Hidden {
  const { builder, weights, axes, stepAxes, step, cacheDType, headNormEps } = context;
  const layer = `blk.${index}`;
  const turn = { ...context.rope, factors: context.ropeFactors };

  const projectedQ = split(
    "q_heads",
    matmul("q", x, weights.matrix(`${layer}.attn_q.weight`, [axes.queries, axes.embd])),
  );
  const projectedK = split(
    "k_heads",
    matmul("k", x, weights.matrix(`${layer}.attn_k.weight`, [axes.keys, axes.embd])),
  );
  const v = split(
    "v_heads",
    matmul("v", x, weights.matrix(`${layer}.attn_v.weight`, [axes.keys, axes.embd])),
  );

  const q =
    headNormEps === undefined
      ? projectedQ
      : rmsNorm("q_norm", projectedQ, weights.vector(`${layer}.attn_q_norm.weight`, [axes.headDim]), {
          eps: headNormEps,
        });
  const k =
    headNormEps === undefined
      ? projectedK
      : rmsNorm("k_norm", projectedK, weights.vector(`${layer}.attn_k_norm.weight`, [axes.headDim]), {
          eps: headNormEps,
        });

  const cacheAxes = [stepAxes.slots, axes.kvHeads, axes.headDim] as const;
  const keys = builder.state(`cache.${index}.k`, cacheAxes, cacheDType);
  const values = builder.state(`cache.${index}.v`, cacheAxes, cacheDType);
  const out = attention(
    "attention",
    rope("q_rope", q, step.positions, turn),
    cacheAppend("k_cache", keys, rope("k_rope", k, step.positions, turn), step.slots),
    cacheAppend("v_cache", values, v, step.slots),
    step,
    { scale: context.scale },
  );
  return matmul(
    "out",
    merge("merged", out, axes.queries),
    weights.matrix(`${layer}.attn_output.weight`, [axes.embd, axes.queries]),
  );
}
