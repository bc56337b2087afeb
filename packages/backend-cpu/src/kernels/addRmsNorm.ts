import type { KernelRow } from "@tensorplan/backend-api";
import { f32, perIsa, streaming } from "./perIsa.ts";

export const addRmsNormRows: readonly KernelRow[] = perIsa({
  name: "add_rms_norm",
  op: "add_rms_norm",
  operands: { a: f32, b: f32, weight: f32 },
  outputs: { sum: f32, out: f32 },
  shares: streaming,
});
