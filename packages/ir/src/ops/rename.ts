import { z } from "zod";
import type { Axes, Axis } from "../axis/axis.ts";
import { printSize, sizesEqual } from "../axis/size.ts";
import type { DType } from "../dtype/index.ts";
import { fail } from "../graph/builder.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addNode, typed } from "../op/addNode.ts";
import { need, printTypedAxes } from "../op/check.ts";
import { noCost } from "../op/cost.ts";
import { copyInto } from "../op/host.ts";
import { defineOp } from "../op/op.ts";
import { exact } from "../op/tolerance.ts";
import type { AxisList, Mismatch, ReplaceAxis } from "../op/typed.ts";

export const renameOp = defineOp({
  name: "rename",
  doc: "Views one axis under another name of the same size (query tokens against key tokens); no data moves.",
  inputs: ["x"],
  attrs: z.strictObject({ from: z.string().min(1), to: z.string().min(1) }),
  infer({ inputs, attrs, axis }) {
    const [x] = need(inputs, "x");
    const to = axis(attrs.to);
    const at = x.axes.findIndex(({ name }) => name === attrs.from);
    const from = x.axes[at];
    if (from === undefined) {
      return fail("rename/unknown-axis", `x is ${printTypedAxes(x)}, which has no axis '${attrs.from}'`);
    }
    if (!sizesEqual(from.size, to.size)) {
      fail(
        "rename/size",
        `the axis '${from.name}' has ${printSize(from.size)} positions, but '${to.name}' ${printSize(to.size)}`,
      );
    }
    return { out: { dtype: x.dtype, axes: x.axes.with(at, to) } };
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

type Has<A extends Axes, From extends Axis> = [From["name"]] extends [A[number]["name"]]
  ? unknown
  : Mismatch<`rename: x has the axes [${AxisList<A>}], and '${From["name"]}' isn't one`>;

/** Views the axis `from` of x as `to`, of the same size. */
export const rename = <A extends Axes, D extends DType, From extends Axis, To extends Axis>(
  at: string,
  x: Tensor<A, D>,
  from: From & Has<A, From>,
  to: To,
): Tensor<ReplaceAxis<A, From, To>, D> =>
  typed(addNode(renameOp, at, { x }, { from: from.name, to: to.name }, [to]));
