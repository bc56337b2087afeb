import type { WorkspaceTerm } from "@tensorplan/backend-api";
import {
  blockTypes,
  expertLists,
  f32,
  i32,
  plainTypes,
  productRows,
  quantisedRows,
  weight,
} from "./products.ts";

/**
 * The fused mixture of experts. Gate and up are of one type; down may be of another of the same kind (blocks or plain floats). Workspace:
 * quantised x, a hidden row for each pair of a token and a chosen expert, its product with down, and the lists of pairs.
 */
export const moeRows = productRows("moe", 6000, (variant) => {
  const pairs = ["ids.rows", "ids.-1"];
  const hidden: WorkspaceTerm = variant.quantised
    ? { bytes: 40, per: 32, dims: [...pairs, "down.-1"] }
    : { bytes: 4, dims: [...pairs, "down.-1"] };
  return {
    operands: {
      x: f32,
      ids: i32,
      weights: f32,
      gate: weight(variant),
      up: weight(variant),
      down: weight(variant, variant.quantised ? blockTypes : plainTypes),
    },
    workspace: [
      ...quantisedRows(variant, "x.rows", "x.-1"),
      hidden,
      { bytes: 4, dims: [...pairs, "x.-1"] },
      ...expertLists("gate.0"),
    ],
  };
});
