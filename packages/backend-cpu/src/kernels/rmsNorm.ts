import type { KernelRow } from "@tensorplan/backend-api";
import { f32, perIsa, streaming } from "./perIsa.ts";

export const rmsNormRows: readonly KernelRow[] = perIsa({
  name: "rms_norm",
  op: "rms_norm",
  operands: { x: f32, weight: f32 },
  shares: streaming,
});
