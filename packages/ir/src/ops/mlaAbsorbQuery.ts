import { z } from "zod";
import type { Axis, ConcatAxis } from "../axis/axis.ts";
import type { StorageDType } from "../dtype/index.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addNode, typed } from "../op/addNode.ts";
import {
  axesOf,
  constantSize,
  expectF32,
  expectSameAxis,
  expectSize,
  expectStorage,
  need,
} from "../op/check.ts";
import { allBytes } from "../op/cost.ts";
import { countOf, floats } from "../op/host.ts";
import { defineOp } from "../op/op.ts";
import { checkPart, locatePart, partSchema } from "../op/part.ts";
import { linear } from "../op/tolerance.ts";
import type { PartOf, SameAxes, SameAxis } from "../op/typed.ts";
import { multiplyRows } from "./support/linear.ts";

export const mlaAbsorbQueryOp = defineOp({
  name: "mla_absorb_query",
  doc: "Moves the query into the latent space (arXiv:2405.04434, section 2.1): q [T, H, N+R], w [H, L, N] → out [T, H, L+R], first w[h]·q_nope, then q_rope as it is.",
  inputs: ["q", "w"],
  attrs: z.strictObject({ nope: partSchema, rope: partSchema, axis: z.string().min(1) }),
  infer(context) {
    const { inputs, attrs } = context;
    const [q, w] = need(inputs, "q", "w");
    expectF32({ q });
    expectStorage({ w });
    const [t, h, d] = axesOf("q", q, ["T", "H", "N+R"]);
    const [h2, l, n] = axesOf("w", w, ["H", "L", "N"]);
    expectSameAxis("mla-absorb-query/heads", "q has", h, "w has", h2);
    expectSameAxis(
      "mla-absorb-query/nope",
      "the part of q is",
      checkPart(d, attrs.nope, context),
      "w reads",
      n,
    );
    checkPart(d, attrs.rope, context);
    const row = context.axis(attrs.axis);
    expectSize("mla-absorb-query/row", "the new query's", row, constantSize(l) + attrs.rope.size);
    return { out: { dtype: "f32", axes: [t, h, row] } };
  },
  reference({ inputs, outputs, attrs }) {
    const [q, w] = need(inputs, "q", "w");
    const [out] = need(outputs, "out");
    const [tokens = 0, heads = 0, width = 0] = q.shape;
    const [, latent = 0, nope = 0] = w.shape;
    const row = latent + attrs.rope.size;
    for (let h = 0; h < heads; h++) {
      multiplyRows({
        x: floats(q),
        xAt: h * width + attrs.nope.start,
        xStride: heads * width,
        rows: tokens,
        inner: nope,
        w: floats(w),
        wAt: h * latent * nope,
        outer: latent,
        out: floats(out),
        outAt: h * row,
        outStride: heads * row,
      });
    }
    for (let i = 0; i < tokens * heads; i++) {
      const from = i * width + attrs.rope.start;
      floats(out).set(floats(q).subarray(from, from + attrs.rope.size), i * row + latent);
    }
  },
  cost(context) {
    const [q, w] = need(context.inputs, "q", "w");
    return { flops: 2 * (q.shape[0] ?? 0) * countOf(w.shape), bytes: allBytes(context) };
  },
  tolerance: linear,
});

/** q [T, H, nope|rope] with its nope part mapped by w [H, L, nope] into the latent space → [T, H, L|rope], the axis `into`. */
export const mlaAbsorbQuery = <
  T extends Axis,
  H extends Axis,
  D extends Axis,
  H2 extends Axis,
  L extends Axis,
  N extends Axis,
  P extends Axis,
  R extends Axis,
  W extends ConcatAxis,
>(
  at: string,
  q: Tensor<readonly [T, H, D], "f32">,
  w: Tensor<readonly [H2, L, N], StorageDType> & SameAxis<H, H2, "mla_absorb_query: q has", "w has">,
  options: {
    readonly nope: P &
      PartOf<D, P, "mla_absorb_query"> &
      SameAxis<N, P, "mla_absorb_query: w reads", "nope is">;
    readonly rope: R & PartOf<D, R, "mla_absorb_query">;
    readonly into: W &
      SameAxes<readonly [L, R], W["parts"], "mla_absorb_query: the new query is", "the axis has the parts">;
  },
): Tensor<readonly [T, H, W], "f32"> => {
  const { nope, rope, into } = options;
  const attrs = { nope: locatePart(q.axes[2], nope), rope: locatePart(q.axes[2], rope), axis: into.name };
  return typed(addNode(mlaAbsorbQueryOp, at, { q, w }, attrs, [nope, rope, into]));
};
