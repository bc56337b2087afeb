import type { KernelRow } from "@tensorplan/backend-api";
import { f32, perIsa, streaming } from "./perIsa.ts";

export const siluRows: readonly KernelRow[] = perIsa({
  name: "silu",
  op: "silu",
  operands: { x: f32 },
  shares: streaming,
});
