import type { KernelRow } from "@tensorplan/backend-api";
import { cache, flashRows, paging } from "./paged.ts";
import { f32 } from "./planned.ts";

export const attentionRows: readonly KernelRow[] = flashRows({
  name: "attention.flash",
  op: "attention",
  operands: { q: f32, k: cache, v: cache, ...paging },
  width: "v.-1",
});
