import { z } from "zod";
import type { Axis } from "../axis/axis.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addNode, typed } from "../op/addNode.ts";
import { axesOf, expectCache, expectF32, need } from "../op/check.ts";
import { allBytes } from "../op/cost.ts";
import { countOf, floats, widthOf } from "../op/host.ts";
import { defineOp } from "../op/op.ts";
import { checkPart, locatePart, partSchema } from "../op/part.ts";
import { attentionTolerance } from "../op/tolerance.ts";
import type { LastOf, PartOf } from "../op/typed.ts";
import type { CacheDType } from "./cacheAppend.ts";
import { cacheRow, checkHeads } from "./support/cacheRow.ts";
import { addWeightedRows } from "./support/dot.ts";
import { checkPaging, type PagingFor, pagedRows, pagingInputs, pagingOperands } from "./support/paging.ts";

export const pagedValuesOp = defineOp({
  name: "paged_values",
  doc: "Weighted sum of paged cache rows: p [T, H, C], v [slots, KV, D] or [slots, D] → out [T, H, D] = Σⱼ p·v over the rows that the token may see; with `values`, only that part of a row.",
  inputs: ["p", "v", ...pagingInputs],
  attrs: z.strictObject({ values: partSchema.exactOptional() }),
  infer(context) {
    const [p, v] = need(context.inputs, "p", "v");
    expectF32({ p });
    expectCache("v", v);
    const [t, h] = axesOf("p", p, ["T", "H", "C"]);
    const row = cacheRow("v", v);
    checkHeads("paged-values/heads", h, row.heads);
    checkPaging("paged-values/tokens", context.inputs, t);
    const { values } = context.attrs;
    return {
      out: {
        dtype: "f32",
        axes: [t, h, values === undefined ? row.width : checkPart(row.width, values, context)],
      },
    };
  },
  reference({ inputs, outputs, attrs }) {
    const [p, v] = need(inputs, "p", "v");
    const [out] = need(outputs, "out");
    const [tokens = 0, heads = 0, size = 0] = out.shape;
    const context = widthOf(p.shape);
    const width = widthOf(v.shape);
    const kvHeads = v.shape.length === 3 ? (v.shape[1] as number) : 1;
    const start = attrs.values?.start ?? 0;
    const paging = pagedRows(inputs);
    const [weights, values] = [floats(p), floats(v)];
    const sums = new Float64Array(size);
    for (let t = 0; t < tokens; t++) {
      for (let h = 0; h < heads; h++) {
        const kv = Math.floor((h * kvHeads) / heads);
        sums.fill(0);
        const placeOf = (j: number) => (paging.slot(t, j) * kvHeads + kv) * width + start;
        addWeightedRows(sums, weights, (t * heads + h) * context, values, placeOf, paging.visible(t));
        floats(out).set(sums, (t * heads + h) * size);
      }
    }
  },
  cost(context) {
    const [p] = need(context.inputs, "p");
    const [out] = need(context.outputs, "out");
    return { flops: 2 * countOf(out.shape) * widthOf(p.shape), bytes: allBytes(context) };
  },
  tolerance: attentionTolerance,
});

/** Σⱼ p[t, h, j] · row j of the cache v [slots, KV, D] or [slots, D], or of one part of the row → [T, H, D or part]. */
export const pagedValues = <
  T extends Axis,
  H extends Axis,
  V extends readonly [Axis, Axis, Axis] | readonly [Axis, Axis],
  T2 extends Axis,
  P extends Axis = LastOf<V>,
>(
  at: string,
  p: Tensor<readonly [T, H, Axis], "f32">,
  v: Tensor<V, CacheDType>,
  paging: PagingFor<T, T2, "paged_values">,
  options: { readonly values?: P & PartOf<LastOf<V>, P, "paged_values"> } = {},
): Tensor<readonly [T, H, P], "f32"> => {
  const { values } = options;
  const attrs = values === undefined ? {} : { values: locatePart(v.axes.at(-1) ?? values, values) };
  return typed(addNode(pagedValuesOp, at, { p, v, ...pagingOperands(paging) }, attrs, [values]));
};
