import { z } from "zod";
import type { Axes, Axis } from "../axis/axis.ts";
import type { StorageDType } from "../dtype/index.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addNode, typed } from "../op/addNode.ts";
import { axesOf, expectF32, expectSameAxis, expectStorage, lastAxis, need } from "../op/check.ts";
import { allBytes } from "../op/cost.ts";
import { countOf, floats, rowsOf, widthOf } from "../op/host.ts";
import { defineOp } from "../op/op.ts";
import { linear } from "../op/tolerance.ts";
import type { SameAxis } from "../op/typed.ts";
import { multiplyRows } from "./support/linear.ts";

export const matmulOp = defineOp({
  name: "matmul",
  doc: "Linear map by a stored weight: x [..., K], w [N, K] → out [..., N] = x·wᵀ.",
  inputs: ["x", "w"],
  attrs: z.strictObject({}),
  infer({ inputs }) {
    const [x, w] = need(inputs, "x", "w");
    expectF32({ x });
    expectStorage({ w });
    const { leading, last } = lastAxis("x", x);
    const [n, k] = axesOf("w", w, ["N", "K"]);
    expectSameAxis("matmul/inner-axis", "x ends in", last, "w reads", k);
    return { out: { dtype: "f32", axes: [...leading, n] } };
  },
  reference({ inputs, outputs }) {
    const [x, w] = need(inputs, "x", "w");
    const [out] = need(outputs, "out");
    multiplyRows({
      x: floats(x),
      w: floats(w),
      out: floats(out),
      rows: rowsOf(x.shape),
      inner: widthOf(x.shape),
      outer: widthOf(out.shape),
    });
  },
  cost(context) {
    const [x] = need(context.inputs, "x");
    const [out] = need(context.outputs, "out");
    return { flops: 2 * countOf(out.shape) * widthOf(x.shape), bytes: allBytes(context) };
  },
  tolerance: linear,
});

/** x [..., K] · w [N, K]ᵀ → [..., N]. */
export const matmul = <B extends Axes, K extends Axis, N extends Axis, K2 extends Axis>(
  at: string,
  x: Tensor<readonly [...B, K], "f32">,
  w: Tensor<readonly [N, K2], StorageDType> & SameAxis<K, K2, "matmul: x ends in", "w reads">,
): Tensor<readonly [...B, N], "f32"> => typed(addNode(matmulOp, at, { x, w }));
