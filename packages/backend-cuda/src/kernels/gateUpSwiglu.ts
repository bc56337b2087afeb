import { f32 } from "./planned.ts";
import { productRows } from "./products.ts";

export const gateUpSwigluRows = productRows("gate_up_swiglu", "x.rows", (way) => ({
  operands: { x: f32, gate: way.weight, up: way.weight },
  workspace: way.rows("x.rows", "x.-1"),
}));
