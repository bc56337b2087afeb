import { z } from "zod";
import type { Axis } from "../axis/axis.ts";
import type { StorageDType } from "../dtype/index.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addNode, typed } from "../op/addNode.ts";
import { axesOf, expectF32, expectSameAxis, expectStorage, need } from "../op/check.ts";
import { allBytes } from "../op/cost.ts";
import { countOf, floats, widthOf } from "../op/host.ts";
import { defineOp } from "../op/op.ts";
import { linear } from "../op/tolerance.ts";
import type { SameAxis } from "../op/typed.ts";
import { multiplyRows } from "./support/linear.ts";

export const headMatmulOp = defineOp({
  name: "head_matmul",
  doc: "A linear map for each head: x [T, H, K], w [H, N, K] → out [T, H, N] = x[t, h]·w[h]ᵀ.",
  inputs: ["x", "w"],
  attrs: z.strictObject({}),
  infer({ inputs }) {
    const [x, w] = need(inputs, "x", "w");
    expectF32({ x });
    expectStorage({ w });
    const [t, h, k] = axesOf("x", x, ["T", "H", "K"]);
    const [h2, n, k2] = axesOf("w", w, ["H", "N", "K"]);
    expectSameAxis("head-matmul/heads", "x has", h, "w has", h2);
    expectSameAxis("head-matmul/inner-axis", "x ends in", k, "w reads", k2);
    return { out: { dtype: "f32", axes: [t, h, n] } };
  },
  reference({ inputs, outputs }) {
    const [x, w] = need(inputs, "x", "w");
    const [out] = need(outputs, "out");
    const [tokens = 0, heads = 0, inner = 0] = x.shape;
    const outer = widthOf(out.shape);
    for (let h = 0; h < heads; h++) {
      multiplyRows({
        x: floats(x),
        xAt: h * inner,
        xStride: heads * inner,
        rows: tokens,
        inner,
        w: floats(w),
        wAt: h * outer * inner,
        outer,
        out: floats(out),
        outAt: h * outer,
        outStride: heads * outer,
      });
    }
  },
  cost(context) {
    const [x] = need(context.inputs, "x");
    const [out] = need(context.outputs, "out");
    return { flops: 2 * countOf(out.shape) * widthOf(x.shape), bytes: allBytes(context) };
  },
  tolerance: linear,
});

/** x [T, H, K] by the head's own w [H, N, K] → [T, H, N]. */
export const headMatmul = <
  T extends Axis,
  H extends Axis,
  K extends Axis,
  H2 extends Axis,
  N extends Axis,
  K2 extends Axis,
>(
  at: string,
  x: Tensor<readonly [T, H, K], "f32">,
  w: Tensor<readonly [H2, N, K2], StorageDType> &
    SameAxis<H, H2, "head_matmul: x has", "w has"> &
    SameAxis<K, K2, "head_matmul: x ends in", "w reads">,
): Tensor<readonly [T, H, N], "f32"> => typed(addNode(headMatmulOp, at, { x, w }));
