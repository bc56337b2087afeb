import { z } from "zod";
import type { Axes, Axis } from "../axis/axis.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addNode, typed } from "../op/addNode.ts";
import { expectF32, lastAxis, need } from "../op/check.ts";
import { floats, widthOf } from "../op/host.ts";
import { defineOp } from "../op/op.ts";
import { checkPart, locatePart, partSchema } from "../op/part.ts";
import { exact } from "../op/tolerance.ts";
import type { PartOf } from "../op/typed.ts";

export const sliceOp = defineOp({
  name: "slice",
  doc: "Copies one part of the fastest axis: x [..., D] → out [..., part].",
  inputs: ["x"],
  attrs: z.strictObject({ part: partSchema }),
  infer(context) {
    const [x] = need(context.inputs, "x");
    expectF32({ x });
    const { leading, last } = lastAxis("x", x);
    return { out: { dtype: "f32", axes: [...leading, checkPart(last, context.attrs.part, context)] } };
  },
  reference({ inputs, outputs, attrs }) {
    const [x] = need(inputs, "x");
    const [out] = need(outputs, "out");
    const { start, size } = attrs.part;
    const width = widthOf(x.shape);
    const source = floats(x);
    for (let row = 0; row * width < source.length; row++) {
      floats(out).set(source.subarray(row * width + start, row * width + start + size), row * size);
    }
  },
  cost({ outputs }) {
    const [out] = need(outputs, "out");
    return { flops: 0, bytes: 2 * out.bytes };
  },
  tolerance: exact,
});

/** A copy of `part`, one of the parts of x's fastest axis: x [..., D] → [..., part]. */
export const slice = <B extends Axes, L extends Axis, P extends Axis>(
  at: string,
  x: Tensor<readonly [...B, L], "f32">,
  part: P & PartOf<L, P, "slice">,
): Tensor<readonly [...B, P], "f32"> =>
  typed(addNode(sliceOp, at, { x }, { part: locatePart(x.axes.at(-1) ?? part, part) }, [part]));
