import type { KernelRow } from "@tensorplan/backend-api";
import { f32, i32, planned } from "./planned.ts";

/** Whole axes and parts, both styles, every scaling; `factors` may be absent. */
export const ropeRows: readonly KernelRow[] = [
  planned({ name: "rope.stream", op: "rope", operands: { x: f32, positions: i32, factors: f32 } }),
];
