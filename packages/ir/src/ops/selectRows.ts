import { z } from "zod";
import type { Axis } from "../axis/axis.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addNode, typed } from "../op/addNode.ts";
import { axesOf, expectF32, expectIndices, need } from "../op/check.ts";
import { floats, indices, widthOf } from "../op/host.ts";
import { defineOp } from "../op/op.ts";
import { exact } from "../op/tolerance.ts";

export const selectRowsOp = defineOp({
  name: "select_rows",
  doc: "Copies rows: x [T, E], rows [O] → out [O, E].",
  inputs: ["x", "rows"],
  attrs: z.strictObject({}),
  infer({ inputs }) {
    const [x, rows] = need(inputs, "x", "rows");
    expectF32({ x });
    expectIndices({ rows });
    const [, e] = axesOf("x", x, ["T", "E"]);
    const [o] = axesOf("rows", rows, ["O"]);
    return { out: { dtype: "f32", axes: [o, e] } };
  },
  reference({ inputs, outputs }) {
    const [x, rows] = need(inputs, "x", "rows");
    const [out] = need(outputs, "out");
    const width = widthOf(x.shape);
    indices(rows).forEach((row, o) => {
      floats(out).set(floats(x).subarray(row * width, (row + 1) * width), o * width);
    });
  },
  cost({ inputs, outputs }) {
    const [rows] = need(inputs, "rows");
    const [out] = need(outputs, "out");
    return { flops: 0, bytes: rows.bytes + 2 * out.bytes };
  },
  tolerance: exact,
});

/** Rows of x [T, E] by `rows` [O] → [O, E]. */
export const selectRows = <T extends Axis, E extends Axis, O extends Axis>(
  at: string,
  x: Tensor<readonly [T, E], "f32">,
  rows: Tensor<readonly [O], "i32">,
): Tensor<readonly [O, E], "f32"> => typed(addNode(selectRowsOp, at, { x, rows }));
