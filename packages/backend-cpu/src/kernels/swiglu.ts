import type { KernelRow } from "@tensorplan/backend-api";
import { f32, perIsa, streaming } from "./perIsa.ts";

export const swigluRows: readonly KernelRow[] = perIsa({
  name: "swiglu",
  op: "swiglu",
  operands: { gate: f32, up: f32 },
  shares: streaming,
});
