import type { KernelRow } from "@tensorplan/backend-api";
import { f32, perIsa, streaming } from "./perIsa.ts";

export const addRows: readonly KernelRow[] = perIsa({
  name: "add",
  op: "add",
  operands: { a: f32, b: f32 },
  shares: streaming,
});
