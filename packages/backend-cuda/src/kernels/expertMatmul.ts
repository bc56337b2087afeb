import { f32, i32 } from "./planned.ts";
import { expertLists, productRows } from "./products.ts";

export const expertMatmulRows = productRows("expert_matmul", "x.0", (way) => ({
  operands: { x: f32, w: way.weight, ids: i32 },
  workspace: [...way.rows("x.rows", "x.-1"), ...expertLists("w.0")],
}));
