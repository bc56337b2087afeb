import { z } from "zod";
import type { Axis } from "../axis/axis.ts";
import type { StorageDType } from "../dtype/index.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addNode, typed } from "../op/addNode.ts";
import { axesOf, expectIndices, expectStorage, need } from "../op/check.ts";
import { floats, indices, widthOf } from "../op/host.ts";
import { defineOp } from "../op/op.ts";
import { exact } from "../op/tolerance.ts";

export const embedOp = defineOp({
  name: "embed",
  doc: "Looks up rows of a table: table [V, E], ids [T] → out [T, E].",
  inputs: ["table", "ids"],
  attrs: z.strictObject({}),
  infer({ inputs }) {
    const [table, ids] = need(inputs, "table", "ids");
    expectStorage({ table });
    expectIndices({ ids });
    const [, e] = axesOf("table", table, ["V", "E"]);
    const [t] = axesOf("ids", ids, ["T"]);
    return { out: { dtype: "f32", axes: [t, e] } };
  },
  reference({ inputs, outputs }) {
    const [table, ids] = need(inputs, "table", "ids");
    const [out] = need(outputs, "out");
    const width = widthOf(out.shape);
    indices(ids).forEach((id, t) => {
      floats(out).set(floats(table).subarray(id * width, (id + 1) * width), t * width);
    });
  },
  cost({ inputs, outputs }) {
    const [table, ids] = need(inputs, "table", "ids");
    const [out] = need(outputs, "out");
    const [rows = 1] = table.shape;
    return {
      flops: 0,
      bytes: ids.bytes + out.bytes + (table.bytes / Math.max(1, rows)) * (ids.shape[0] ?? 0),
    };
  },
  tolerance: exact,
});

/** Rows of `table` [V, E] by `ids` [T] → [T, E]. */
export const embed = <V extends Axis, E extends Axis, T extends Axis>(
  at: string,
  table: Tensor<readonly [V, E], StorageDType>,
  ids: Tensor<readonly [T], "i32">,
): Tensor<readonly [T, E], "f32"> => typed(addNode(embedOp, at, { table, ids }));
