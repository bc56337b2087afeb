import { type LayoutInfo, ROWS_LAYOUT } from "@tensorplan/backend-api";
import { type DType, rowBytes } from "@tensorplan/ir";

/**
 * Bytes of a weight [..., N, K] in a layout: each leading index has its own groups of rows, the last one padded.
 *
 * @param shape slowest axis first
 */
export function layoutBytes(
  dtype: DType,
  shape: readonly number[],
  layout: string,
  layouts: readonly LayoutInfo[],
): number {
  const columns = shape.at(-1) ?? 1;
  const rows = shape.at(-2) ?? 1;
  const leading = shape.slice(0, -2).reduce((product, n) => product * n, 1);
  const group = layout === ROWS_LAYOUT ? 1 : (layouts.find(({ name }) => name === layout)?.rowGroup ?? 1);
  return leading * Math.ceil(rows / group) * group * rowBytes(dtype, columns);
}
