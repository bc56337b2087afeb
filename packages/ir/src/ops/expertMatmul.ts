import { z } from "zod";
import type { Axis } from "../axis/axis.ts";
import type { StorageDType } from "../dtype/index.ts";
import { fail } from "../graph/builder.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addNode, typed } from "../op/addNode.ts";
import {
  axesOf,
  expectF32,
  expectIndices,
  expectSameAxis,
  expectStorage,
  lastAxis,
  need,
  printTypedAxes,
} from "../op/check.ts";
import { countOf, floats, indices, widthOf } from "../op/host.ts";
import { defineOp } from "../op/op.ts";
import { linear } from "../op/tolerance.ts";
import type { SameAxis } from "../op/typed.ts";
import { expertBytes } from "./support/expertBytes.ts";
import { multiplyRows } from "./support/linear.ts";

export const expertMatmulOp = defineOp({
  name: "expert_matmul",
  doc: "A linear map by the weights of chosen experts: x [T, K] or [T, U, K], w [X, N, K], ids [T, U] → out [T, U, N] = x·w[ids[t, u]]ᵀ.",
  inputs: ["x", "w", "ids"],
  attrs: z.strictObject({}),
  infer({ inputs }) {
    const [x, w, ids] = need(inputs, "x", "w", "ids");
    expectF32({ x });
    expectStorage({ w });
    expectIndices({ ids });
    const [t, u] = axesOf("ids", ids, ["T", "U"]);
    const [, n, k] = axesOf("w", w, ["X", "N", "K"]);
    const { leading, last } = lastAxis("x", x);
    const [first, second] = leading;
    if (first === undefined || leading.length > 2) {
      return fail("op/rank", `x is ${printTypedAxes(x)}, but the operation reads [T, K] or [T, U, K]`);
    }
    expectSameAxis("expert-matmul/tokens", "x runs over", first, "ids over", t);
    if (second !== undefined) expectSameAxis("expert-matmul/used", "x has", second, "ids has", u);
    expectSameAxis("expert-matmul/inner-axis", "x ends in", last, "w reads", k);
    return { out: { dtype: "f32", axes: [t, u, n] } };
  },
  reference({ inputs, outputs }) {
    const [x, w, ids] = need(inputs, "x", "w", "ids");
    const [out] = need(outputs, "out");
    const [tokens = 0, used = 0, outer = 0] = out.shape;
    const inner = widthOf(x.shape);
    const shared = x.shape.length === 2;
    for (let i = 0; i < tokens * used; i++) {
      multiplyRows({
        x: floats(x),
        xAt: (shared ? Math.floor(i / used) : i) * inner,
        rows: 1,
        inner,
        w: floats(w),
        wAt: (indices(ids)[i] as number) * outer * inner,
        outer,
        out: floats(out),
        outAt: i * outer,
      });
    }
  },
  cost({ inputs, outputs }) {
    const [x, w, ids] = need(inputs, "x", "w", "ids");
    const [out] = need(outputs, "out");
    return {
      flops: 2 * countOf(out.shape) * widthOf(x.shape),
      bytes: x.bytes + ids.bytes + out.bytes + expertBytes(w, countOf(ids.shape)),
    };
  },
  tolerance: linear,
});

/** x [T, K] or [T, U, K] by the chosen experts' w [X, N, K], ids [T, U] → [T, U, N]. */
export const expertMatmul = <
  T extends Axis,
  U extends Axis,
  K extends Axis,
  N extends Axis,
  K2 extends Axis,
  T2 extends Axis,
>(
  at: string,
  x: Tensor<readonly [T, K] | readonly [T, Axis, K], "f32">,
  w: Tensor<readonly [Axis, N, K2], StorageDType> & SameAxis<K, K2, "expert_matmul: x ends in", "w reads">,
  ids: Tensor<readonly [T2, U], "i32"> & SameAxis<T, T2, "expert_matmul: x runs over", "ids over">,
): Tensor<readonly [T, U, N], "f32"> => typed(addNode(expertMatmulOp, at, { x, w, ids }));
