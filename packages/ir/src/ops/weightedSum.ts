import { z } from "zod";
import type { Axis } from "../axis/axis.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addNode, typed } from "../op/addNode.ts";
import { axesOf, expectF32, expectSameAxis, need } from "../op/check.ts";
import { allBytes } from "../op/cost.ts";
import { countOf, floats } from "../op/host.ts";
import { defineOp } from "../op/op.ts";
import { reduction } from "../op/tolerance.ts";
import type { SameAxes } from "../op/typed.ts";

export const weightedSumOp = defineOp({
  name: "weighted_sum",
  doc: "x [T, U, N], weights [T, U] → out [T, N] = Σᵤ weights·x, u ascending.",
  inputs: ["x", "weights"],
  attrs: z.strictObject({}),
  infer({ inputs }) {
    const [x, weights] = need(inputs, "x", "weights");
    expectF32({ x, weights });
    const [t, u, n] = axesOf("x", x, ["T", "U", "N"]);
    const [t2, u2] = axesOf("weights", weights, ["T", "U"]);
    expectSameAxis("weighted-sum/tokens", "x runs over", t, "weights over", t2);
    expectSameAxis("weighted-sum/used", "x has", u, "weights has", u2);
    return { out: { dtype: "f32", axes: [t, n] } };
  },
  reference({ inputs, outputs }) {
    const [x, weights] = need(inputs, "x", "weights");
    const [out] = need(outputs, "out");
    const [tokens = 0, used = 0, width = 0] = x.shape;
    const [values, factors, sums] = [floats(x), floats(weights), floats(out)];
    for (let t = 0; t < tokens; t++) {
      for (let i = 0; i < width; i++) {
        let sum = 0;
        for (let u = 0; u < used; u++) {
          sum += (factors[t * used + u] as number) * (values[(t * used + u) * width + i] as number);
        }
        sums[t * width + i] = sum;
      }
    }
  },
  cost(context) {
    const [x] = need(context.inputs, "x");
    return { flops: 2 * countOf(x.shape), bytes: allBytes(context) };
  },
  tolerance: reduction,
});

/** Σᵤ weights[t, u] · x[t, u]: x [T, U, N], weights [T, U] → [T, N]. */
export const weightedSum = <T extends Axis, U extends Axis, N extends Axis, W extends readonly [Axis, Axis]>(
  at: string,
  x: Tensor<readonly [T, U, N], "f32">,
  weights: Tensor<W, "f32"> & SameAxes<readonly [T, U], W, "weighted_sum: x runs over", "weights over">,
): Tensor<readonly [T, N], "f32"> => typed(addNode(weightedSumOp, at, { x, weights }));
