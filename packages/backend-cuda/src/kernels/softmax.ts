import type { KernelRow } from "@tensorplan/backend-api";
import { f32, planned } from "./planned.ts";

export const softmaxRows: readonly KernelRow[] = [
  planned({ name: "softmax.warp", op: "softmax", operands: { x: f32 } }),
];
