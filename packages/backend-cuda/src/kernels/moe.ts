import { f32, i32 } from "./planned.ts";
import { expertLists, productRows } from "./products.ts";

/** The fused mixture of experts: gate and up of the chosen experts, their product, down, and the weighted sum. */
export const moeRows = productRows("moe", "x.rows", (way) => ({
  operands: {
    x: f32,
    ids: i32,
    weights: f32,
    gate: way.weight,
    up: way.weight,
    down: way.weight,
  },
  workspace: [
    ...way.rows("x.rows", "x.-1"),
    // The hidden row of each pair, in the form that down multiplies, and its product with down.
    ...way.rows("ids.rows", "ids.-1", "down.-1"),
    { bytes: 4, dims: ["ids.rows", "ids.-1", "x.-1"] },
    ...expertLists("gate.0"),
  ],
}));
