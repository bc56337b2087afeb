import type { KernelRow } from "@tensorplan/backend-api";
import { f32, i32, perIsa, streaming } from "./perIsa.ts";

export const selectRowsRows: readonly KernelRow[] = perIsa({
  name: "select_rows",
  op: "select_rows",
  operands: { x: f32, rows: i32 },
  shares: { ...streaming, generic: [0.3, 0.8] },
  isas: ["generic"],
});
