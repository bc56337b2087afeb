import type { KernelRow } from "@tensorplan/backend-api";
import { f32, planned } from "./planned.ts";

export const scaleRows: readonly KernelRow[] = [
  planned({ name: "scale.stream", op: "scale", operands: { x: f32 } }),
];
