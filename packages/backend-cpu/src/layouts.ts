import { type LayoutInfo, ROWS_LAYOUT } from "@tensorplan/backend-api";
import { codecNames, dtypeNames } from "@tensorplan/ir";

/** Layouts that this backend's loader writes and its kernels read. */
export const cpuLayouts: readonly LayoutInfo[] = [
  { name: ROWS_LAYOUT, doc: "row-major, as in the file", rowGroup: 1, dtypes: dtypeNames },
  {
    name: "x16",
    doc: "groups of 16 rows side by side, so that a vector holds the same columns of all of them",
    rowGroup: 16,
    dtypes: codecNames.filter((name) => name !== "i32"),
  },
];
