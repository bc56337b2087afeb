import { z } from "zod";
import type { Axes, Axis } from "../axis/axis.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addNode, typed } from "../op/addNode.ts";
import { axesOf, expectF32, expectSameAxis, lastAxis, need } from "../op/check.ts";
import { elementwiseCost } from "../op/cost.ts";
import { copyInto, floats, widthOf } from "../op/host.ts";
import { defineOp } from "../op/op.ts";
import { checkPart, locatePart, partSchema } from "../op/part.ts";
import { reduction } from "../op/tolerance.ts";
import type { LastOf, PartOf, SameAxis } from "../op/typed.ts";
import { normaliseRow } from "./support/normaliseRow.ts";

export const rmsNormOp = defineOp({
  name: "rms_norm",
  doc: "Root-mean-square norm (arXiv:1910.07467): x [..., D], weight [D] → out [..., D] = x/√(mean(x²)+eps)·weight; with `part`, over that part of D (weight [part]), the rest unchanged.",
  inputs: ["x", "weight"],
  attrs: z.strictObject({ eps: z.number().nonnegative(), part: partSchema.exactOptional() }),
  infer(context) {
    const [x, weight] = need(context.inputs, "x", "weight");
    expectF32({ x, weight });
    const { last } = lastAxis("x", x);
    const { part } = context.attrs;
    const over = part === undefined ? last : checkPart(last, part, context);
    const [w] = axesOf("weight", weight, ["D"]);
    expectSameAxis("rms-norm/weight-axis", "the norm runs over", over, "weight has", w);
    return { out: x };
  },
  reference({ inputs, outputs, attrs }) {
    const [x, weight] = need(inputs, "x", "weight");
    const [out] = need(outputs, "out");
    const width = widthOf(x.shape);
    const { start, size } = attrs.part ?? { start: 0, size: width };
    copyInto(x, out);
    const values = floats(out);
    for (let at = start; at < values.length; at += width)
      normaliseRow(values, at, size, floats(weight), attrs.eps);
  },
  cost: (context) => elementwiseCost(context, 4),
  tolerance: reduction,
});

/** RMS norm over the fastest axis of x [..., D], or over one `part` of it. `weight` has the axis that is normalised. */
export const rmsNorm = <X extends Axes, W extends Axis, P extends Axis = LastOf<X>>(
  at: string,
  x: Tensor<X, "f32">,
  weight: Tensor<readonly [W], "f32"> & SameAxis<NoInfer<P>, W, "rms_norm: the norm runs over", "weight has">,
  options: { readonly eps: number; readonly part?: P & PartOf<LastOf<X>, P, "rms_norm"> },
): Tensor<X, "f32"> => {
  const { eps, part } = options;
  const over = part === undefined ? {} : { part: locatePart(x.axes.at(-1) ?? part, part) };
  return typed(addNode(rmsNormOp, at, { x, weight }, { eps, ...over }, [part]));
};
