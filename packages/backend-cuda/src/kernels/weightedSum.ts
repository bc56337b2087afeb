import type { KernelRow } from "@tensorplan/backend-api";
import { f32, planned } from "./planned.ts";

export const weightedSumRows: readonly KernelRow[] = [
  planned({ name: "weighted_sum.stream", op: "weighted_sum", operands: { x: f32, weights: f32 } }),
];
