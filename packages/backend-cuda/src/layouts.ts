import { type LayoutInfo, ROWS_LAYOUT } from "@tensorplan/backend-api";
import { dtypeNames } from "@tensorplan/ir";

/** How weights lie in a GPU's memory. */
export const cudaLayouts: readonly LayoutInfo[] = [
  { name: ROWS_LAYOUT, doc: "row-major, as in the file", rowGroup: 1, dtypes: dtypeNames },
];
