import { z } from "zod";
import type { Axes, Axis } from "../axis/axis.ts";
import { fail } from "../graph/builder.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addNode, typed } from "../op/addNode.ts";
import {
  axesOf,
  constantSize,
  expectF32,
  expectIndices,
  expectSameAxis,
  expectSize,
  lastAxis,
  need,
  printTypedAxes,
} from "../op/check.ts";
import { elementwiseCost } from "../op/cost.ts";
import { copyInto, countOf, floats, indices, widthOf } from "../op/host.ts";
import { defineOp } from "../op/op.ts";
import { checkPart, locatePart, partSchema } from "../op/part.ts";
import type { LastOf, PartOf, SameAxis } from "../op/typed.ts";
import { type RopeScaling, ropeFrequencies, scalingSchema } from "./support/ropeFrequencies.ts";

export const ropeOp = defineOp({
  name: "rope",
  doc: "Rotary position embedding (arXiv:2104.09864): x [T, D] or [T, H, D], positions [T], factors? [R/2] → out as x. Pair i of the R rotated values turns by position·frequencyᵢ; `interleaved` pairs (2i, 2i+1), `neox` pairs (i, i+R/2). Scaling: linear, or YaRN (arXiv:2309.00071).",
  inputs: ["x", "positions", "factors?"],
  attrs: z.strictObject({
    style: z.enum(["interleaved", "neox"]),
    base: z.number().positive(),
    part: partSchema.exactOptional(),
    scaling: scalingSchema.exactOptional(),
  }),
  infer(context) {
    const [x, positions] = need(context.inputs, "x", "positions");
    const { factors } = context.inputs;
    expectF32({ x });
    expectIndices({ positions });
    const [t] = axesOf("positions", positions, ["T"]);
    const [first] = x.axes;
    if (first === undefined || x.axes.length < 2 || x.axes.length > 3) {
      return fail("op/rank", `x is ${printTypedAxes(x)}, but the operation reads [T, D] or [T, H, D]`);
    }
    expectSameAxis("rope/tokens", "x runs over", first, "positions over", t);
    const { last } = lastAxis("x", x);
    const { part } = context.attrs;
    const over = part === undefined ? last : checkPart(last, part, context);
    const size = constantSize(over);
    if (size % 2 !== 0) {
      fail("rope/odd", `the axis '${over.name}' has ${size} positions, which can't be rotated in pairs`, {
        axis: over.name,
        size,
      });
    }
    if (factors !== undefined) {
      expectF32({ factors });
      expectSize(
        "rope/factors",
        "factors must have one value for each pair:",
        axesOf("factors", factors, ["R/2"])[0],
        size / 2,
      );
    }
    return { out: x };
  },
  reference({ inputs, outputs, attrs }) {
    const [x, positions] = need(inputs, "x", "positions");
    const { factors } = inputs;
    const [out] = need(outputs, "out");
    copyInto(x, out);
    const values = floats(out);
    const width = widthOf(x.shape);
    const { start, size } = attrs.part ?? { start: 0, size: width };
    const { frequencies, magnitude } = ropeFrequencies(size, attrs, factors && floats(factors));
    const perToken = countOf(x.shape.slice(1));
    const half = size / 2;
    const [near, far] = attrs.style === "interleaved" ? [2, 1] : [1, half];
    indices(positions).forEach((position, t) => {
      for (let at = t * perToken + start; at < (t + 1) * perToken; at += width) {
        for (let i = 0; i < half; i++) {
          const angle = position * (frequencies[i] as number);
          const [cos, sin] = [Math.cos(angle) * magnitude, Math.sin(angle) * magnitude];
          const [a, b] = [at + near * i, at + near * i + far];
          const [u, v] = [values[a] as number, values[b] as number];
          values[a] = u * cos - v * sin;
          values[b] = u * sin + v * cos;
        }
      }
    });
  },
  cost: (context) => elementwiseCost(context, 6),
  // f32 kernels round the angle itself: position·frequency up to some thousand radians.
  tolerance: { f32: 1e-3, half: 1e-3, block: 1e-3 },
});

/** Rotates pairs of the fastest axis of x [T, D] or [T, H, D], or of one `part` of it, by the tokens' positions [T]. */
export const rope = <
  T extends Axis,
  R extends readonly [Axis] | readonly [Axis, Axis],
  T2 extends Axis,
  P extends Axis = LastOf<R>,
>(
  at: string,
  x: Tensor<readonly [T, ...R], "f32">,
  positions: Tensor<readonly [T2], "i32"> & SameAxis<T, T2, "rope: x runs over", "positions over">,
  options: {
    readonly style: "interleaved" | "neox";
    readonly base: number;
    readonly part?: P & PartOf<LastOf<R>, P, "rope">;
    readonly scaling?: RopeScaling | undefined;
    /** Divides the frequency of each pair, [R/2]. */
    readonly factors?: Tensor<readonly [Axis], "f32"> | undefined;
  },
): Tensor<readonly [T, ...R], "f32"> => {
  const { style, base, part, scaling, factors } = options;
  const axes: Axes = x.axes;
  const attrs = {
    style,
    base,
    ...(part === undefined ? {} : { part: locatePart(axes.at(-1) ?? part, part) }),
    ...(scaling === undefined ? {} : { scaling }),
  };
  return typed(addNode(ropeOp, at, { x, positions, factors }, attrs, [part]));
};
