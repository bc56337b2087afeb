import type { KernelRow } from "@tensorplan/backend-api";
import { f32, perIsa, streaming } from "./perIsa.ts";

export const scaleRows: readonly KernelRow[] = perIsa({
  name: "scale",
  op: "scale",
  operands: { x: f32 },
  shares: streaming,
});
