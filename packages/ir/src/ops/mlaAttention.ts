import type { Axis } from "../axis/axis.ts";
import type { StorageDType } from "../dtype/index.ts";
import type { GraphBuilder } from "../graph/builder.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addNode, typed } from "../op/addNode.ts";
import { axesOf, expectSameAxis, expectStorage, need } from "../op/check.ts";
import { defineOp } from "../op/op.ts";
import { attentionTolerance } from "../op/tolerance.ts";
import type { PartOf, SameAxis } from "../op/typed.ts";
import type { CacheDType } from "./cacheAppend.ts";
import { headMatmulOp } from "./headMatmul.ts";
import { latentAttentionOp } from "./latentAttention.ts";
import { mlaAbsorbQueryOp } from "./mlaAbsorbQuery.ts";
import { mlaDecompressedAttentionOp } from "./mlaDecompressedAttention.ts";
import { attendDecompressed } from "./support/attendDecompressed.ts";
import { checkMla, decompressedCost, type MlaAttrs, mlaAttrs, mlaParts } from "./support/mla.ts";
import { type PagingFor, pagingInputs, pagingOperands } from "./support/paging.ts";

interface Expansion {
  readonly builder: GraphBuilder;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly attrs: MlaAttrs;
}

const pagingOf = (inputs: Readonly<Record<string, Tensor>>) => {
  const [positions, sequence_of, page_table] = need(inputs, ...pagingInputs);
  return { positions, sequence_of, page_table };
};

function expandAbsorbed({ builder, inputs, attrs }: Expansion): Readonly<Record<string, Tensor>> {
  const [q, cache, kB, vB] = need(inputs, "q", "cache", "k_b", "v_b");
  const [, row] = axesOf("cache", cache, ["slots", "L+R"]);
  const { nope, rope, latent, scale } = attrs;
  const [query] = need(
    builder.add(mlaAbsorbQueryOp, "absorb", { q, w: kB }, { nope, rope, axis: row.name }),
    "out",
  );
  const [attended] = need(
    builder.add(
      latentAttentionOp,
      "latent",
      { q: query, cache, ...pagingOf(inputs) },
      { scale, values: latent },
    ),
    "out",
  );
  return builder.add(headMatmulOp, "up", { x: attended, w: vB });
}

function expandDecompressed({ builder, inputs, attrs }: Expansion): Readonly<Record<string, Tensor>> {
  const [q, cache, k_up, v_b] = need(inputs, "q", "cache", "k_up", "v_b");
  return builder.add(
    mlaDecompressedAttentionOp,
    "decompressed",
    { q, cache, k_up, v_b, ...pagingOf(inputs) },
    attrs,
  );
}

export const mlaAttentionOp = defineOp({
  name: "mla_attention",
  doc: "Multi-head latent attention (arXiv:2405.04434): q [T, H, N+R], cache [slots, L+R], k_b [H, L, N], k_up [H, N, L] (its transpose), v_b [H, V, L] → out [T, H, V]. Meaning as mla_decompressed_attention; lowered either in the latent space or with rebuilt keys and values, so that only one of k_b and k_up stays in the graph.",
  inputs: ["q", "cache", "k_b", "k_up", "v_b", ...pagingInputs],
  attrs: mlaAttrs,
  infer(context) {
    const [kB, kUp] = need(context.inputs, "k_b", "k_up");
    expectStorage({ k_b: kB });
    const [h, l, n] = axesOf("k_b", kB, ["H", "L", "N"]);
    const [h2, n2, l2] = axesOf("k_up", kUp, ["H", "N", "L"]);
    expectSameAxis("mla-attention/heads", "k_b has", h, "k_up has", h2);
    expectSameAxis("mla-attention/nope", "k_b reads", n, "k_up makes", n2);
    expectSameAxis("mla-attention/latent", "k_b makes", l, "k_up reads", l2);
    return checkMla("mla-attention", context);
  },
  reference: attendDecompressed,
  cost: decompressedCost,
  tolerance: attentionTolerance,
  lowerings: [
    {
      name: "absorbed",
      doc: "The query moves into the latent space; all heads read one shared cache row (best for few tokens).",
      expand: expandAbsorbed,
    },
    {
      name: "decompressed",
      doc: "Keys and values of each head are rebuilt from the cache (best for many tokens).",
      expand: expandDecompressed,
    },
  ],
});

/**
 * Multi-head latent attention: q [T, H, nope|rope], cache [slots, latent|rope], kB [H, latent, nope], kUp [H, nope, latent],
 * vB [H, V, latent] → [T, H, V].
 */
export const mlaAttention = <
  T extends Axis,
  H extends Axis,
  D extends Axis,
  C extends Axis,
  HB extends Axis,
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
    readonly kB: Tensor<readonly [HB, NoInfer<L>, NoInfer<N>], StorageDType> &
      SameAxis<H, HB, "mla_attention: q has", "kB has">;
    readonly kUp: Tensor<readonly [HK, NoInfer<N>, NoInfer<L>], StorageDType> &
      SameAxis<H, HK, "mla_attention: q has", "kUp has">;
    readonly vB: Tensor<readonly [HV, V, NoInfer<L>], StorageDType> &
      SameAxis<H, HV, "mla_attention: q has", "vB has">;
    readonly paging: PagingFor<T, T2, "mla_attention">;
  },
  options: {
    readonly scale: number;
    readonly nope: N & PartOf<D, N, "mla_attention">;
    readonly rope: R & PartOf<D, R, "mla_attention"> & PartOf<C, R, "mla_attention">;
    readonly latent: L & PartOf<C, L, "mla_attention">;
  },
): Tensor<readonly [T, H, V], "f32"> => {
  const { q, cache, kB, kUp, vB, paging } = operands;
  const inputs = { q, cache, k_b: kB, k_up: kUp, v_b: vB, ...pagingOperands(paging) };
  const attrs = { scale: options.scale, ...mlaParts(q.axes[2], cache.axes[1], options) };
  return typed(addNode(mlaAttentionOp, at, inputs, attrs, [options.nope, options.rope, options.latent]));
};
