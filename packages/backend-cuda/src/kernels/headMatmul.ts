import { f32 } from "./planned.ts";
import { productRows } from "./products.ts";

export const headMatmulRows = productRows("head_matmul", "x.0", (way) => ({
  operands: { x: f32, w: way.weight },
  workspace: way.rows("x.rows", "x.-1"),
}));
