import type { KernelRow } from "@tensorplan/backend-api";
import { f32, perIsa, streaming } from "./perIsa.ts";

export const concatRows: readonly KernelRow[] = perIsa({
  name: "concat",
  op: "concat",
  operands: { a: f32, b: f32 },
  shares: { ...streaming, generic: [0.3, 0.8] },
  isas: ["generic"],
});
