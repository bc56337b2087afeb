import { f32 } from "./planned.ts";
import { productRows } from "./products.ts";

/** Only the part `nope` of a query is multiplied: as many values as the weight's rows have. */
export const mlaAbsorbQueryRows = productRows("mla_absorb_query", "q.0", (way) => ({
  operands: { q: f32, w: way.weight },
  workspace: way.rows("q.rows", "w.-1"),
}));
