import { z } from "zod";
import type { Axes, Axis } from "../axis/axis.ts";
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
import type { FactorsOf, Mismatch } from "../op/typed.ts";

export const splitOp = defineOp({
  name: "split",
  doc: "Views a product axis as its two factors: x [..., F1·F2] → out [..., F1, F2]; no data moves.",
  inputs: ["x"],
  attrs: z.strictObject({ into: z.tuple([z.string().min(1), z.string().min(1)]) }),
  infer({ inputs, attrs, axis }) {
    const [x] = need(inputs, "x");
    const { leading, last } = lastAxis("x", x);
    const factors = attrs.into.map(axis);
    const product = multiplySizes(...factors.map((factor) => factor.size));
    if (!sizesEqual(product, last.size)) {
      fail("split/size", `${factors.map(printAxis).join(" × ")} isn't ${printAxis(last)}`, {
        needed: printSize(last.size),
        got: printSize(product),
      });
    }
    return { out: { dtype: x.dtype, axes: [...leading, ...factors] } };
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

type Splittable<L extends Axis> = [FactorsOf<L>] extends [never]
  ? Mismatch<`split: axis '${L["name"]}' isn't a product of two axes`>
  : unknown;

/** Views the fastest axis, a product of two, as its factors: x [..., F1·F2] → [..., F1, F2]. */
export const split = <B extends Axes, L extends Axis, D extends DType>(
  at: string,
  x: Tensor<readonly [...B, L], D> & Splittable<L>,
): Tensor<readonly [...B, ...FactorsOf<L>], D> => {
  const last: Axis | undefined = x.axes.at(-1);
  const factors: Axes = last !== undefined && "factors" in last ? (last.factors as Axes) : [];
  return typed(addNode(splitOp, at, { x }, { into: factors.map(({ name }) => name) }, factors));
};
