import type { KernelRow } from "@tensorplan/backend-api";
import { cache, flashRow, paging } from "./paged.ts";
import { f32 } from "./planned.ts";

export const attentionRows: readonly KernelRow[] = [
  flashRow({
    name: "attention.flash.mma",
    op: "attention",
    operands: { q: f32, k: cache, v: cache, ...paging },
    width: "v.-1",
  }),
];
