import { z } from "zod";
import type { Axes, Axis, ProductAxis } from "../axis/axis.ts";
import { multiplySizes, printSize, sizesEqual } from "../axis/size.ts";
import type { DType } from "../dtype/index.ts";
import { fail } from "../graph/builder.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addNode, typed } from "../op/addNode.ts";
import { lastAxis, need, printAxis } from "../op/check.ts";
import { noCost } from "../op/cost.ts";
import { copyInto } from "../op/host.ts";
import { defineOp } from "../op/op.ts";
import { exact } from "../op/tolerance.ts";
import type { SameAxes } from "../op/typed.ts";

export const mergeOp = defineOp({
  name: "merge",
  doc: "Views the two fastest axes as one: x [..., F1, F2] → out [..., F1·F2]; no data moves.",
  inputs: ["x"],
  attrs: z.strictObject({ into: z.string().min(1) }),
  infer({ inputs, attrs, axis }) {
    const [x] = need(inputs, "x");
    const fast = lastAxis("x", x);
    const slow = lastAxis("x without its last axis", { dtype: x.dtype, axes: fast.leading });
    const whole = axis(attrs.into);
    const product = multiplySizes(slow.last.size, fast.last.size);
    if (!sizesEqual(product, whole.size)) {
      fail("merge/size", `${printAxis(slow.last)} × ${printAxis(fast.last)} isn't ${printAxis(whole)}`, {
        needed: printSize(product),
        got: printSize(whole.size),
      });
    }
    return { out: { dtype: x.dtype, axes: [...slow.leading, whole] } };
  },
  aliases: { out: { input: "x", mutates: false } },
  reference({ inputs, outputs }) {
    const [x] = need(inputs, "x");
    const [out] = need(outputs, "out");
    copyInto(x, out);
  },
  cost: () => noCost,
  tolerance: exact,
});

/** Views the two fastest axes as their product: x [..., F1, F2] → [..., into]. */
export const merge = <B extends Axes, F extends Axis, G extends Axis, D extends DType, W extends ProductAxis>(
  at: string,
  x: Tensor<readonly [...B, F, G], D>,
  into: W & SameAxes<readonly [F, G], W["factors"], "merge: x ends in", "the new axis has the factors">,
): Tensor<readonly [...B, W], D> => typed(addNode(mergeOp, at, { x }, { into: into.name }, [into]));
