import type { KernelRow } from "@tensorplan/backend-api";
import { f32, perIsa, streaming } from "./perIsa.ts";

export const sliceRows: readonly KernelRow[] = perIsa({
  name: "slice",
  op: "slice",
  operands: { x: f32 },
  shares: { ...streaming, generic: [0.3, 0.8] },
  isas: ["generic"],
});
