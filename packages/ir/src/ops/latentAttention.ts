import { z } from "zod";
import type { Axis } from "../axis/axis.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addNode, typed } from "../op/addNode.ts";
import { axesOf, expectCache, expectF32, expectSameAxis, need } from "../op/check.ts";
import { floats } from "../op/host.ts";
import { defineOp } from "../op/op.ts";
import { checkPart, locatePart, partSchema } from "../op/part.ts";
import { attentionTolerance } from "../op/tolerance.ts";
import type { PartOf, SameAxis } from "../op/typed.ts";
import type { CacheDType } from "./cacheAppend.ts";
import { attendHead } from "./support/attend.ts";
import { attentionCost } from "./support/attentionCost.ts";
import { expandNaively } from "./support/expandNaively.ts";
import { checkPaging, type PagingFor, pagedRows, pagingInputs, pagingOperands } from "./support/paging.ts";

export const latentAttentionOp = defineOp({
  name: "latent_attention",
  doc: "Causal attention of all heads over one shared row: q [T, H, L+R], cache [slots, L+R] → out [T, H, L]; keys are whole rows, values the part `values` of the same row. The inner part of absorbed multi-head latent attention (arXiv:2405.04434).",
  inputs: ["q", "cache", ...pagingInputs],
  attrs: z.strictObject({ scale: z.number(), values: partSchema }),
  infer(context) {
    const [q, cache] = need(context.inputs, "q", "cache");
    expectF32({ q });
    expectCache("cache", cache);
    const [t, h, d] = axesOf("q", q, ["T", "H", "L+R"]);
    const [, row] = axesOf("cache", cache, ["slots", "L+R"]);
    expectSameAxis("latent-attention/inner-axis", "q ends in", d, "a cache row holds", row);
    checkPaging("latent-attention/tokens", context.inputs, t);
    return { out: { dtype: "f32", axes: [t, h, checkPart(row, context.attrs.values, context)] } };
  },
  reference({ inputs, outputs, attrs }) {
    const [q, cache] = need(inputs, "q", "cache");
    const [out] = need(outputs, "out");
    const [, heads = 0, keyWidth = 0] = q.shape;
    const { start, size } = attrs.values;
    for (let h = 0; h < heads; h++) {
      attendHead({
        paging: pagedRows(inputs),
        scale: attrs.scale,
        q: floats(q),
        queryAt: (t) => (t * heads + h) * keyWidth,
        keys: floats(cache),
        keyAt: (slot) => slot * keyWidth,
        keyWidth,
        values: floats(cache),
        valueAt: (slot) => slot * keyWidth + start,
        valueWidth: size,
        out: floats(out),
        outAt: (t) => (t * heads + h) * size,
      });
    }
  },
  cost(context) {
    const [q, cache] = need(context.inputs, "q", "cache");
    return attentionCost(context, q, [cache]);
  },
  tolerance: attentionTolerance,
  lowerings: [
    { name: "flash", doc: "One kernel: each cache row is read once for scores and values." },
    {
      name: "naive",
      doc: "Scores of all rows, softmax, weighted sum.",
      expand: ({ builder, inputs, attrs }) => {
        const [cache] = need(inputs, "cache");
        return expandNaively({
          builder,
          inputs,
          keys: cache,
          values: cache,
          scale: attrs.scale,
          part: attrs.values,
        });
      },
    },
  ],
});

/** Causal attention of q [T, H, L+R] over the shared rows of `cache` [slots, L+R]; `values` is the part of a row that is summed → [T, H, L]. */
export const latentAttention = <
  T extends Axis,
  H extends Axis,
  D extends Axis,
  D2 extends Axis,
  T2 extends Axis,
  V extends Axis,
>(
  at: string,
  q: Tensor<readonly [T, H, D], "f32">,
  cache: Tensor<readonly [Axis, D2], CacheDType> &
    SameAxis<D, D2, "latent_attention: q ends in", "a cache row holds">,
  paging: PagingFor<T, T2, "latent_attention">,
  options: { readonly scale: number; readonly values: V & PartOf<D2, V, "latent_attention"> },
): Tensor<readonly [T, H, V], "f32"> => {
  const { scale, values } = options;
  const attrs = { scale, values: locatePart(cache.axes[1], values) };
  return typed(addNode(latentAttentionOp, at, { q, cache, ...pagingOperands(paging) }, attrs, [values]));
};
