import type { KernelRow } from "@tensorplan/backend-api";
import { f32, planned } from "./planned.ts";

export const addRmsNormRows: readonly KernelRow[] = [
  planned({
    name: "add_rms_norm.warp",
    op: "add_rms_norm",
    operands: { a: f32, b: f32, weight: f32 },
    outputs: { sum: f32, out: f32 },
  }),
];
