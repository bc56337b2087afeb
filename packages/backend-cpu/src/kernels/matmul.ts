import { f32, productRows, quantisedRows, weight } from "./products.ts";

export const matmulRows = productRows("matmul", 3000, (variant) => ({
  operands: { x: f32, w: weight(variant) },
  workspace: quantisedRows(variant, "x.rows", "x.-1"),
}));
