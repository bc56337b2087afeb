import { z } from "zod";
import type { Axes } from "../axis/axis.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addNode, typed } from "../op/addNode.ts";
import { expectF32, lastAxis, need } from "../op/check.ts";
import { elementwiseCost } from "../op/cost.ts";
import { copyInto, floats, widthOf } from "../op/host.ts";
import { defineOp } from "../op/op.ts";
import { reduction } from "../op/tolerance.ts";
import { softmaxRow } from "./support/softmaxRow.ts";

export const softmaxOp = defineOp({
  name: "softmax",
  doc: "Softmax over the fastest axis: x [..., D] → out [..., D]. −∞ counts as weight 0; a row of all −∞ gives zeros.",
  inputs: ["x"],
  attrs: z.strictObject({}),
  infer({ inputs }) {
    const [x] = need(inputs, "x");
    expectF32({ x });
    lastAxis("x", x);
    return { out: x };
  },
  reference({ inputs, outputs }) {
    const [x] = need(inputs, "x");
    const [out] = need(outputs, "out");
    copyInto(x, out);
    const values = floats(out);
    const width = widthOf(x.shape);
    for (let at = 0; at < values.length; at += width) softmaxRow(values, at, width);
  },
  cost: (context) => elementwiseCost(context, 5),
  tolerance: reduction,
});

/** Softmax over the fastest axis. */
export const softmax = <A extends Axes>(at: string, x: Tensor<A, "f32">): Tensor<A, "f32"> =>
  typed(addNode(softmaxOp, at, { x }));
