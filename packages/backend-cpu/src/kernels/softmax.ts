import type { KernelRow } from "@tensorplan/backend-api";
import { f32, perIsa, streaming } from "./perIsa.ts";

export const softmaxRows: readonly KernelRow[] = perIsa({
  name: "softmax",
  op: "softmax",
  operands: { x: f32 },
  shares: streaming,
});
