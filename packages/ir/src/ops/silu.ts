import { z } from "zod";
import type { Axes } from "../axis/axis.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addNode, typed } from "../op/addNode.ts";
import { expectF32, need } from "../op/check.ts";
import { elementwiseCost } from "../op/cost.ts";
import { floats } from "../op/host.ts";
import { defineOp } from "../op/op.ts";
import { elementwise } from "../op/tolerance.ts";
import { siluOf } from "./support/linear.ts";

export const siluOp = defineOp({
  name: "silu",
  doc: "x/(1+e⁻ˣ), element by element.",
  inputs: ["x"],
  attrs: z.strictObject({}),
  infer({ inputs }) {
    const [x] = need(inputs, "x");
    expectF32({ x });
    return { out: x };
  },
  reference({ inputs, outputs }) {
    const [x] = need(inputs, "x");
    const [out] = need(outputs, "out");
    const result = floats(out);
    floats(x).forEach((value, i) => {
      result[i] = siluOf(value);
    });
  },
  cost: (context) => elementwiseCost(context, 4),
  tolerance: elementwise,
});

/** x / (1 + e⁻ˣ), element by element. */
export const silu = <A extends Axes>(at: string, x: Tensor<A, "f32">): Tensor<A, "f32"> =>
  typed(addNode(siluOp, at, { x }));
