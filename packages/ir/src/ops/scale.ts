import { z } from "zod";
import type { Axes } from "../axis/axis.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addNode, typed } from "../op/addNode.ts";
import { expectF32, need } from "../op/check.ts";
import { elementwiseCost } from "../op/cost.ts";
import { floats } from "../op/host.ts";
import { defineOp } from "../op/op.ts";
import { elementwise } from "../op/tolerance.ts";

export const scaleOp = defineOp({
  name: "scale",
  doc: "x·factor, element by element.",
  inputs: ["x"],
  attrs: z.strictObject({ factor: z.number() }),
  infer({ inputs }) {
    const [x] = need(inputs, "x");
    expectF32({ x });
    return { out: x };
  },
  reference({ inputs, outputs, attrs }) {
    const [x] = need(inputs, "x");
    const [out] = need(outputs, "out");
    const result = floats(out);
    floats(x).forEach((value, i) => {
      result[i] = value * attrs.factor;
    });
  },
  cost: (context) => elementwiseCost(context, 1),
  tolerance: elementwise,
});

/** x · factor. */
export const scale = <A extends Axes>(at: string, x: Tensor<A, "f32">, factor: number): Tensor<A, "f32"> =>
  typed(addNode(scaleOp, at, { x }, { factor }));
