import type { KernelRow } from "@tensorplan/backend-api";
import { f32, i32, planned } from "./planned.ts";

export const selectRowsRows: readonly KernelRow[] = [
  planned({ name: "select_rows.stream", op: "select_rows", operands: { x: f32, rows: i32 } }),
];
