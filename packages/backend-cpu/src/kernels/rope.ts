import type { KernelRow } from "@tensorplan/backend-api";
import { f32, i32, perIsa, streaming } from "./perIsa.ts";

/** Whole axes and parts, both styles, every scaling; `factors` may be absent. */
export const ropeRows: readonly KernelRow[] = perIsa({
  name: "rope",
  op: "rope",
  operands: { x: f32, positions: i32, factors: f32 },
  // Cosines and sines of each token: at most one value for each column.
  workspace: [{ bytes: 4, dims: ["x.0", "x.-1"] }],
  shares: streaming,
});
