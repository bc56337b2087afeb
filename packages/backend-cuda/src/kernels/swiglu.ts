import type { KernelRow } from "@tensorplan/backend-api";
import { f32, planned } from "./planned.ts";

export const swigluRows: readonly KernelRow[] = [
  planned({ name: "swiglu.stream", op: "swiglu", operands: { gate: f32, up: f32 } }),
];
