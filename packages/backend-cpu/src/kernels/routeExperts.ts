import type { KernelRow } from "@tensorplan/backend-api";
import { f32, i32, perIsa } from "./perIsa.ts";

/** Selection is serial within a token: a small share of the peak, which hardly matters beside the experts themselves. */
export const routeExpertsRows: readonly KernelRow[] = perIsa({
  name: "route_experts",
  op: "route_experts",
  operands: { logits: f32, bias: f32 },
  outputs: { ids: i32, weights: f32 },
  shares: { avx512: [0.02, 0.3], avx2: [0.02, 0.3], generic: [0.01, 0.2] },
  overheadNs: 2000,
});
