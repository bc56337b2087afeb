import { z } from "zod";
import type { Axes, Axis } from "../axis/axis.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addNode, typed } from "../op/addNode.ts";
import { axesOf, expectF32, expectSameAxes, expectSameAxis, lastAxis, need } from "../op/check.ts";
import { elementwiseCost } from "../op/cost.ts";
import { floats, widthOf } from "../op/host.ts";
import { defineOp } from "../op/op.ts";
import { reduction } from "../op/tolerance.ts";
import type { LastOf, SameAxes, SameAxis } from "../op/typed.ts";
import { normaliseRow } from "./support/normaliseRow.ts";

export const addRmsNormOp = defineOp({
  name: "add_rms_norm",
  doc: "A residual sum and its norm: a, b [..., D], weight [D] → sum = a+b, out = rms_norm(sum). Made by the pass fuse-add-norm.",
  inputs: ["a", "b", "weight"],
  outputs: ["sum", "out"],
  attrs: z.strictObject({ eps: z.number().nonnegative() }),
  infer({ inputs }) {
    const [a, b, weight] = need(inputs, "a", "b", "weight");
    expectF32({ a, b, weight });
    expectSameAxes("add-rms-norm/axes", "a", a, "b", b);
    const [w] = axesOf("weight", weight, ["D"]);
    expectSameAxis("add-rms-norm/weight-axis", "the norm runs over", lastAxis("a", a).last, "weight has", w);
    return { sum: a, out: a };
  },
  reference({ inputs, outputs, attrs }) {
    const [a, b, weight] = need(inputs, "a", "b", "weight");
    const [sum, out] = need(outputs, "sum", "out");
    const [x, y, s, o] = [floats(a), floats(b), floats(sum), floats(out)];
    for (let i = 0; i < s.length; i++) s[i] = (x[i] as number) + (y[i] as number);
    o.set(s);
    const width = widthOf(a.shape);
    for (let at = 0; at < o.length; at += width) normaliseRow(o, at, width, floats(weight), attrs.eps);
  },
  cost: (context) => elementwiseCost(context, 5),
  tolerance: reduction,
});

/** a + b and its RMS norm over the fastest axis: a, b [..., D], weight [D]. */
export const addRmsNorm = <A extends Axes, B extends Axes, W extends Axis>(
  at: string,
  a: Tensor<A, "f32">,
  b: Tensor<B, "f32"> & SameAxes<A, B, "add_rms_norm: a has the axes", "b has">,
  weight: Tensor<readonly [W], "f32"> &
    SameAxis<LastOf<A>, W, "add_rms_norm: the norm runs over", "weight has">,
  options: { readonly eps: number },
): { readonly sum: Tensor<A, "f32">; readonly out: Tensor<A, "f32"> } => {
  const outputs = addNode(addRmsNormOp, at, { a, b, weight }, { eps: options.eps });
  return { sum: typed(outputs, "sum"), out: typed(outputs) };
};
