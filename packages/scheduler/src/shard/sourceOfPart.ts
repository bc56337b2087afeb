import type { WeightDecl, WeightSource } from "@tensorplan/ir";
import type { AxisRange } from "./cutAxis.ts";

/**
 * Where the bytes of a weight's part lie in its tensor: a range of every row, or of every matrix's rows.
 *
 * @param sizes of the whole weight's axes, slowest first
 * @param place which of them is cut: the last, or the one before it
 */
export function sourceOfPart(
  { source: { tensor, storedAs } }: WeightDecl,
  sizes: readonly number[],
  place: number,
  { first, count }: AxisRange,
): WeightSource {
  const stored = { tensor, ...(storedAs === undefined ? {} : { storedAs }) };
  if (place === sizes.length - 1) return { kind: "columns", ...stored, firstColumn: first, columns: count };
  return {
    kind: "head-rows",
    ...stored,
    heads: sizes.slice(0, place).reduce((product, n) => product * n, 1),
    groupRows: sizes[place] as number,
    firstRow: first,
    rows: count,
  };
}
