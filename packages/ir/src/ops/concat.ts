import { z } from "zod";
import type { Axes, Axis, ConcatAxis } from "../axis/axis.ts";
import { addSizes, printSize, sizesEqual } from "../axis/size.ts";
import { fail } from "../graph/builder.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addNode, typed } from "../op/addNode.ts";
import { expectF32, expectSameAxes, lastAxis, need, printAxis } from "../op/check.ts";
import { allBytes } from "../op/cost.ts";
import { floats, rowsOf, widthOf } from "../op/host.ts";
import { defineOp } from "../op/op.ts";
import { exact } from "../op/tolerance.ts";
import type { SameAxes } from "../op/typed.ts";

export const concatOp = defineOp({
  name: "concat",
  doc: "Puts two tensors side by side along the fastest axis: a [..., A], b [..., B] → out [..., A+B], an axis of its own name.",
  inputs: ["a", "b"],
  attrs: z.strictObject({ axis: z.string().min(1) }),
  infer({ inputs, attrs, axis }) {
    const [a, b] = need(inputs, "a", "b");
    expectF32({ a, b });
    const left = lastAxis("a", a);
    const right = lastAxis("b", b);
    expectSameAxes("concat/leading-axes", "a", { dtype: "f32", axes: left.leading }, "b", {
      dtype: "f32",
      axes: right.leading,
    });
    const whole = axis(attrs.axis);
    const sum = addSizes(left.last.size, right.last.size);
    if (!sizesEqual(whole.size, sum)) {
      fail(
        "concat/size",
        `${printAxis(left.last)} beside ${printAxis(right.last)} isn't ${printAxis(whole)}`,
        {
          needed: printSize(sum),
          got: printSize(whole.size),
        },
      );
    }
    return { out: { dtype: "f32", axes: [...left.leading, whole] } };
  },
  reference({ inputs, outputs }) {
    const [a, b] = need(inputs, "a", "b");
    const [out] = need(outputs, "out");
    const [wa, wb] = [widthOf(a.shape), widthOf(b.shape)];
    for (let row = 0; row < rowsOf(a.shape); row++) {
      floats(out).set(floats(a).subarray(row * wa, (row + 1) * wa), row * (wa + wb));
      floats(out).set(floats(b).subarray(row * wb, (row + 1) * wb), row * (wa + wb) + wa);
    }
  },
  cost: (context) => ({ flops: 0, bytes: allBytes(context) }),
  tolerance: exact,
});

/** a [..., A] beside b [..., B] → [..., into], where `into` is the concatenation of A and B. */
export const concat = <B extends Axes, P extends Axis, B2 extends Axes, Q extends Axis, W extends ConcatAxis>(
  at: string,
  a: Tensor<readonly [...B, P], "f32">,
  b: Tensor<readonly [...B2, Q], "f32"> & SameAxes<B, B2, "concat: before its last, a has the axes", "b has">,
  into: W &
    SameAxes<readonly [P, Q], W["parts"], "concat: the operands end in", "the new axis has the parts">,
): Tensor<readonly [...B, W], "f32"> => typed(addNode(concatOp, at, { a, b }, { axis: into.name }, [into]));
