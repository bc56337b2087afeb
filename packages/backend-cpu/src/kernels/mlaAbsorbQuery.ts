import { f32, productRows, quantisedRows, weight } from "./products.ts";

/** Only the part `nope` of a query is multiplied: as many values as the weight's rows have. */
export const mlaAbsorbQueryRows = productRows("mla_absorb_query", 3000, (variant) => ({
  operands: { q: f32, w: weight(variant) },
  workspace: quantisedRows(variant, "q.rows", "w.-1"),
}));
