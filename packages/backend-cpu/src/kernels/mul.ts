import type { KernelRow } from "@tensorplan/backend-api";
import { f32, perIsa, streaming } from "./perIsa.ts";

export const mulRows: readonly KernelRow[] = perIsa({
  name: "mul",
  op: "mul",
  operands: { a: f32, b: f32 },
  shares: streaming,
});
