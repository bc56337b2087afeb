import { z } from "zod";
import type { Axes } from "../axis/axis.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addNode, typed } from "../op/addNode.ts";
import { expectF32, expectSameAxes, need } from "../op/check.ts";
import { elementwiseCost } from "../op/cost.ts";
import { floats } from "../op/host.ts";
import { defineOp } from "../op/op.ts";
import { elementwise } from "../op/tolerance.ts";
import type { SameAxes } from "../op/typed.ts";

export const addOp = defineOp({
  name: "add",
  doc: "Sum, element by element: a, b of the same axes → out = a + b.",
  inputs: ["a", "b"],
  attrs: z.strictObject({}),
  infer({ inputs }) {
    const [a, b] = need(inputs, "a", "b");
    expectF32({ a, b });
    expectSameAxes("add/axes", "a", a, "b", b);
    return { out: a };
  },
  reference({ inputs, outputs }) {
    const [a, b] = need(inputs, "a", "b");
    const [out] = need(outputs, "out");
    const [x, y, result] = [floats(a), floats(b), floats(out)];
    for (let i = 0; i < result.length; i++) result[i] = (x[i] as number) + (y[i] as number);
  },
  cost: (context) => elementwiseCost(context, 1),
  tolerance: elementwise,
});

/** a + b, of the same axes. */
export const add = <A extends Axes, B extends Axes>(
  at: string,
  a: Tensor<A, "f32">,
  b: Tensor<B, "f32"> & SameAxes<A, B, "add: a has the axes", "b has">,
): Tensor<A, "f32"> => typed(addNode(addOp, at, { a, b }));
