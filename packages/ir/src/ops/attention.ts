import { z } from "zod";
import type { Axis } from "../axis/axis.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addNode, typed } from "../op/addNode.ts";
import { axesOf, expectCache, expectF32, expectSameAxis, need } from "../op/check.ts";
import { floats } from "../op/host.ts";
import { defineOp } from "../op/op.ts";
import { attentionTolerance } from "../op/tolerance.ts";
import type { SameAxis } from "../op/typed.ts";
import type { CacheDType } from "./cacheAppend.ts";
import { attendHead } from "./support/attend.ts";
import { attentionCost } from "./support/attentionCost.ts";
import { checkHeads } from "./support/cacheRow.ts";
import { expandNaively } from "./support/expandNaively.ts";
import { checkPaging, type PagingFor, pagedRows, pagingInputs, pagingOperands } from "./support/paging.ts";

export const attentionOp = defineOp({
  name: "attention",
  doc: "Causal grouped-query attention over a paged cache: q [T, H, D], k [slots, KV, D], v [slots, KV, DV] → out [T, H, DV] = softmax(scale·q·k)·v over the rows of the token's own sequence up to its position. Head h reads kv head ⌊h·KV/H⌋.",
  inputs: ["q", "k", "v", ...pagingInputs],
  attrs: z.strictObject({ scale: z.number() }),
  infer({ inputs }) {
    const [q, k, v] = need(inputs, "q", "k", "v");
    expectF32({ q });
    expectCache("k", k);
    expectCache("v", v);
    const [t, h, d] = axesOf("q", q, ["T", "H", "D"]);
    const [slots, kv, d2] = axesOf("k", k, ["slots", "KV", "D"]);
    const [slots2, kv2, dv] = axesOf("v", v, ["slots", "KV", "DV"]);
    expectSameAxis("attention/inner-axis", "q ends in", d, "k rows hold", d2);
    expectSameAxis("attention/slots", "k runs over", slots, "v over", slots2);
    expectSameAxis("attention/kv-heads", "k has", kv, "v has", kv2);
    checkHeads("attention/heads", h, kv);
    checkPaging("attention/tokens", inputs, t);
    return { out: { dtype: "f32", axes: [t, h, dv] } };
  },
  reference({ inputs, outputs, attrs }) {
    const [q, k, v] = need(inputs, "q", "k", "v");
    const [out] = need(outputs, "out");
    const [, heads = 0, keyWidth = 0] = q.shape;
    const [, kvHeads = 1, valueWidth = 0] = v.shape;
    for (let h = 0; h < heads; h++) {
      const kv = Math.floor((h * kvHeads) / heads);
      attendHead({
        paging: pagedRows(inputs),
        scale: attrs.scale,
        q: floats(q),
        queryAt: (t) => (t * heads + h) * keyWidth,
        keys: floats(k),
        keyAt: (slot) => (slot * kvHeads + kv) * keyWidth,
        keyWidth,
        values: floats(v),
        valueAt: (slot) => (slot * kvHeads + kv) * valueWidth,
        valueWidth,
        out: floats(out),
        outAt: (t) => (t * heads + h) * valueWidth,
      });
    }
  },
  cost(context) {
    const [q, k, v] = need(context.inputs, "q", "k", "v");
    return attentionCost(context, q, [k, v]);
  },
  tolerance: attentionTolerance,
  lowerings: [
    { name: "flash", doc: "One kernel: softmax while reading the cache, no scores in memory." },
    {
      name: "naive",
      doc: "Scores of all rows, softmax, weighted sum.",
      expand: ({ builder, inputs, attrs }) => {
        const [k, v] = need(inputs, "k", "v");
        return expandNaively({ builder, inputs, keys: k, values: v, scale: attrs.scale });
      },
    },
  ],
});

/** Causal attention of q [T, H, D] over the caches k [slots, KV, D] and v [slots, KV, DV] → [T, H, DV]. */
export const attention = <
  T extends Axis,
  H extends Axis,
  D extends Axis,
  S extends Axis,
  KV extends Axis,
  D2 extends Axis,
  KV2 extends Axis,
  DV extends Axis,
  T2 extends Axis,
>(
  at: string,
  q: Tensor<readonly [T, H, D], "f32">,
  k: Tensor<readonly [S, KV, D2], CacheDType> & SameAxis<D, D2, "attention: q ends in", "a row of k holds">,
  v: Tensor<readonly [S, KV2, DV], CacheDType> & SameAxis<KV, KV2, "attention: k has", "v has">,
  paging: PagingFor<T, T2, "attention">,
  options: { readonly scale: number },
): Tensor<readonly [T, H, DV], "f32"> =>
  typed(addNode(attentionOp, at, { q, k, v, ...pagingOperands(paging) }, { scale: options.scale }));
