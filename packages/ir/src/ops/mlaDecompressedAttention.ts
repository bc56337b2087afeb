import type { Axis } from "../axis/axis.ts";
import type { StorageDType } from "../dtype/index.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addNode, typed } from "../op/addNode.ts";
import { defineOp } from "../op/op.ts";
import { attentionTolerance } from "../op/tolerance.ts";
import type { PartOf, SameAxis } from "../op/typed.ts";
import type { CacheDType } from "./cacheAppend.ts";
import { attendDecompressed } from "./support/attendDecompressed.ts";
import { checkMla, decompressedCost, mlaAttrs, mlaParts } from "./support/mla.ts";
import { type PagingFor, pagingInputs, pagingOperands } from "./support/paging.ts";

export const mlaDecompressedAttentionOp = defineOp({
  name: "mla_decompressed_attention",
  doc: "Multi-head latent attention with keys and values rebuilt from the latent rows: q [T, H, N+R], cache [slots, L+R], k_up [H, N, L], v_b [H, V, L] → out [T, H, V]; kⱼ = [k_up[h]·cⱼ | rⱼ], vⱼ = v_b[h]·cⱼ, causal softmax attention over the token's own sequence.",
  inputs: ["q", "cache", "k_up", "v_b", ...pagingInputs],
  attrs: mlaAttrs,
  infer: (context) => checkMla("mla-decompressed-attention", context),
  reference: attendDecompressed,
  cost: decompressedCost,
  tolerance: attentionTolerance,
});

/** Attention with rebuilt keys and values: q [T, H, nope|rope], cache [slots, latent|rope], kUp [H, nope, latent], vB [H, V, latent] → [T, H, V]. */
export const mlaDecompressedAttention = <
  T extends Axis,
  H extends Axis,
  D extends Axis,
  C extends Axis,
  HK extends Axis,
  HV extends Axis,
  V extends Axis,
  T2 extends Axis,
  N extends Axis,
  R extends Axis,
  L extends Axis,
>(
  at: string,
  operands: {
    readonly q: Tensor<readonly [T, H, D], "f32">;
    readonly cache: Tensor<readonly [Axis, C], CacheDType>;
    readonly kUp: Tensor<readonly [HK, Axis, Axis], StorageDType> &
      SameAxis<H, HK, "mla_decompressed_attention: q has", "kUp has">;
    readonly vB: Tensor<readonly [HV, V, Axis], StorageDType> &
      SameAxis<H, HV, "mla_decompressed_attention: q has", "vB has">;
    readonly paging: PagingFor<T, T2, "mla_decompressed_attention">;
  },
  options: {
    readonly scale: number;
    readonly nope: N & PartOf<D, N, "mla_decompressed_attention">;
    readonly rope: R &
      PartOf<D, R, "mla_decompressed_attention"> &
      PartOf<C, R, "mla_decompressed_attention">;
    readonly latent: L & PartOf<C, L, "mla_decompressed_attention">;
  },
): Tensor<readonly [T, H, V], "f32"> => {
  const { q, cache, kUp, vB, paging } = operands;
  const inputs = { q, cache, k_up: kUp, v_b: vB, ...pagingOperands(paging) };
  const { nope, rope, latent } = options;
  const attrs = { scale: options.scale, ...mlaParts(q.axes[2], cache.axes[1], options) };
  return typed(addNode(mlaDecompressedAttentionOp, at, inputs, attrs, [nope, rope, latent]));
};
