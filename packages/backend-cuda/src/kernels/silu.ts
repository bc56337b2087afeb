import type { KernelRow } from "@tensorplan/backend-api";
import { f32, planned } from "./planned.ts";

export const siluRows: readonly KernelRow[] = [
  planned({ name: "silu.stream", op: "silu", operands: { x: f32 } }),
];
