import { expertLists, f32, i32, productRows, quantisedRows, weight } from "./products.ts";

export const expertMatmulRows = productRows("expert_matmul", 4000, (variant) => ({
  operands: { x: f32, w: weight(variant), ids: i32 },
  workspace: [...quantisedRows(variant, "x.rows", "x.-1"), ...expertLists("w.0")],
}));
