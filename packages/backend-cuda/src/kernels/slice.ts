import type { KernelRow } from "@tensorplan/backend-api";
import { f32, planned } from "./planned.ts";

export const sliceRows: readonly KernelRow[] = [
  planned({ name: "slice.stream", op: "slice", operands: { x: f32 } }),
];
