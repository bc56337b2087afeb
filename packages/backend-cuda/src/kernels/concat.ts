import type { KernelRow } from "@tensorplan/backend-api";
import { f32, planned } from "./planned.ts";

export const concatRows: readonly KernelRow[] = [
  planned({ name: "concat.stream", op: "concat", operands: { a: f32, b: f32 } }),
];
