import type { KernelRow } from "@tensorplan/backend-api";
import { costOf, f32, i32, planned } from "./planned.ts";

/** One warp chooses the experts of one token. */
export const routeExpertsRows: readonly KernelRow[] = [
  planned({
    name: "route_experts.warp",
    op: "route_experts",
    operands: { logits: f32, bias: f32 },
    outputs: { ids: i32, weights: f32 },
    cost: costOf("f32", 0.01, 0.2),
  }),
];
