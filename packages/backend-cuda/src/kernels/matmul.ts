import { f32 } from "./planned.ts";
import { productRows } from "./products.ts";

export const matmulRows = productRows("matmul", "x.rows", (way) => ({
  operands: { x: f32, w: way.weight },
  workspace: way.rows("x.rows", "x.-1"),
}));
