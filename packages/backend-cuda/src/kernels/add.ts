import type { KernelRow } from "@tensorplan/backend-api";
import { f32, planned } from "./planned.ts";

export const addRows: readonly KernelRow[] = [
  planned({ name: "add.stream", op: "add", operands: { a: f32, b: f32 } }),
];
