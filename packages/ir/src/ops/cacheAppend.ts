import { z } from "zod";
import type { Axes, Axis } from "../axis/axis.ts";
import { fail } from "../graph/builder.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addNode, typed } from "../op/addNode.ts";
import {
  axesOf,
  expectCache,
  expectF32,
  expectIndices,
  expectSameAxes,
  expectSameAxis,
  need,
  printTypedAxes,
} from "../op/check.ts";
import { copyInto, countOf, floats, indices, roundTo, widthOf } from "../op/host.ts";
import { defineOp } from "../op/op.ts";
import type { SameAxes, SameAxis } from "../op/typed.ts";

/** Element types that caches can have. */
export type CacheDType = "f32" | "f16" | "bf16" | "q8_0";

export const cacheAppendOp = defineOp({
  name: "cache_append",
  doc: "Writes rows into a cache in place: state [slots, ...row], rows [T, ...row], slots [T] → out = state with state[slots[t]] = rows[t], rounded to the state's type.",
  inputs: ["state", "rows", "slots"],
  attrs: z.strictObject({}),
  infer({ inputs }) {
    const [state, rows, slots] = need(inputs, "state", "rows", "slots");
    expectCache("state", state);
    expectF32({ rows });
    expectIndices({ slots });
    const [t] = axesOf("slots", slots, ["T"]);
    const [first] = rows.axes;
    if (first === undefined || state.axes.length === 0) {
      return fail(
        "op/rank",
        `state is ${printTypedAxes(state)} and rows ${printTypedAxes(rows)}, but both hold rows`,
      );
    }
    expectSameAxis("cache-append/tokens", "rows run over", first, "slots over", t);
    expectSameAxes(
      "cache-append/row",
      "a row of the state",
      { dtype: state.dtype, axes: state.axes.slice(1) },
      "a row to write",
      { dtype: "f32", axes: rows.axes.slice(1) },
    );
    return { out: state };
  },
  aliases: { out: { input: "state", mutates: true } },
  reference({ inputs, outputs }) {
    const [state, rows, slots] = need(inputs, "state", "rows", "slots");
    const [out] = need(outputs, "out");
    copyInto(state, out);
    const width = countOf(rows.shape.slice(1));
    const rounded = floats(rows).slice();
    roundTo(state.dtype, rounded, widthOf(rows.shape));
    indices(slots).forEach((slot, t) => {
      floats(out).set(rounded.subarray(t * width, (t + 1) * width), slot * width);
    });
  },
  cost({ inputs }) {
    const [state, rows, slots] = need(inputs, "state", "rows", "slots");
    const written = (state.bytes / Math.max(1, state.shape[0] ?? 1)) * (rows.shape[0] ?? 0);
    return { flops: countOf(rows.shape), bytes: rows.bytes + slots.bytes + written };
  },
  // A rounding tie may go the other way in q8_0: one code of 127.
  tolerance: { f32: 0, half: 1e-3, block: 3e-2 },
});

/** Writes rows [T, ...row] into the cache [slots, ...row] at `slots` [T] and returns the cache's next version. */
export const cacheAppend = <
  S extends Axis,
  R extends Axes,
  D extends CacheDType,
  T extends Axis,
  R2 extends Axes,
  T2 extends Axis,
>(
  at: string,
  state: Tensor<readonly [S, ...R], D>,
  rows: Tensor<readonly [T, ...R2], "f32"> &
    SameAxes<R, R2, "cache_append: a cache row has the axes", "a row to write">,
  slots: Tensor<readonly [T2], "i32"> & SameAxis<T, T2, "cache_append: rows run over", "slots over">,
): Tensor<readonly [S, ...R], D> => typed(addNode(cacheAppendOp, at, { state, rows, slots }));
