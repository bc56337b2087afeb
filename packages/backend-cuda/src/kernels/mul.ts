import type { KernelRow } from "@tensorplan/backend-api";
import { f32, planned } from "./planned.ts";

export const mulRows: readonly KernelRow[] = [
  planned({ name: "mul.stream", op: "mul", operands: { a: f32, b: f32 } }),
];
