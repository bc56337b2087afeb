import type { DType, ValueId, WeightSource } from "@tensorplan/ir";
import { expect, test } from "vitest";
import { unitOfCut } from "./unitOfCut.ts";

const whole: WeightSource = { kind: "tensor", tensor: "w" };
const unit = (dtype: DType, axis: string, source: WeightSource = whole) =>
  unitOfCut({ id: "w" as ValueId, dtype, axes: ["rows", "columns"], source }, axis);

test.each<[string, number | string, number | string]>([
  ["columns of plain types", unit("f16", "columns"), 1],
  ["columns of blocks", unit("iq4_nl", "columns"), 32],
  ["rows", unit("iq4_nl", "rows"), 1],
  ["rows that lie interleaved", unit("q4_k_r4", "rows"), 4],
  ["rows that lie interleaved in the file", unit("q8_0", "rows", { ...whole, storedAs: "q8_k_r8" }), 8],
  ["columns converted from such rows", unit("q8_0", "columns", { ...whole, storedAs: "q8_k_r8" }), 32],
  ["columns of interleaved rows", unit("q4_k_r4", "columns"), "interleaves rows"],
  ["columns with a scale for the row", unit("iq4_ks", "columns"), "begin with a scale"],
  [
    "what is cut out already",
    unit("f16", "rows", { ...whole, kind: "transpose-heads", heads: 2 }),
    "parts of 'w'",
  ],
])("%s", (_, found, expected) => {
  expect(String(found)).toContain(String(expected));
});
