import type { KernelRow } from "@tensorplan/backend-api";
import { f32, planned } from "./planned.ts";

export const rmsNormRows: readonly KernelRow[] = [
  planned({ name: "rms_norm.warp", op: "rms_norm", operands: { x: f32, weight: f32 } }),
];
