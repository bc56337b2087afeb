import { f32, productRows, quantisedRows, weight } from "./products.ts";

export const gateUpSwigluRows = productRows("gate_up_swiglu", 3000, (variant) => ({
  operands: { x: f32, gate: weight(variant), up: weight(variant) },
  workspace: quantisedRows(variant, "x.rows", "x.-1"),
}));
