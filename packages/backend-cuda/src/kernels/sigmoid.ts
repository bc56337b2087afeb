import type { KernelRow } from "@tensorplan/backend-api";
import { f32, planned } from "./planned.ts";

export const sigmoidRows: readonly KernelRow[] = [
  planned({ name: "sigmoid.stream", op: "sigmoid", operands: { x: f32 } }),
];
