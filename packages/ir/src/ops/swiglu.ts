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
import { siluOf } from "./support/linear.ts";

export const swigluOp = defineOp({
  name: "swiglu",
  doc: "Gated activation (arXiv:2002.05202): gate, up of the same axes → out = silu(gate)·up.",
  inputs: ["gate", "up"],
  attrs: z.strictObject({}),
  infer({ inputs }) {
    const [gate, up] = need(inputs, "gate", "up");
    expectF32({ gate, up });
    expectSameAxes("swiglu/axes", "gate", gate, "up", up);
    return { out: gate };
  },
  reference({ inputs, outputs }) {
    const [gate, up] = need(inputs, "gate", "up");
    const [out] = need(outputs, "out");
    const [x, y, result] = [floats(gate), floats(up), floats(out)];
    for (let i = 0; i < result.length; i++) result[i] = siluOf(x[i] as number) * (y[i] as number);
  },
  cost: (context) => elementwiseCost(context, 5),
  tolerance: elementwise,
});

/** silu(gate) · up, of the same axes. */
export const swiglu = <A extends Axes, B extends Axes>(
  at: string,
  gate: Tensor<A, "f32">,
  up: Tensor<B, "f32"> & SameAxes<A, B, "swiglu: gate has the axes", "up has">,
): Tensor<A, "f32"> => typed(addNode(swigluOp, at, { gate, up }));
