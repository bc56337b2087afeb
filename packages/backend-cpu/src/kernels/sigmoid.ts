import type { KernelRow } from "@tensorplan/backend-api";
import { f32, perIsa, streaming } from "./perIsa.ts";

export const sigmoidRows: readonly KernelRow[] = perIsa({
  name: "sigmoid",
  op: "sigmoid",
  operands: { x: f32 },
  shares: streaming,
});
