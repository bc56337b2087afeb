import type { KernelRow } from "@tensorplan/backend-api";
import { cache, paging } from "./paged.ts";
import { costOf, f32, planned } from "./planned.ts";

export const pagedValuesRows: readonly KernelRow[] = [
  planned({
    name: "paged_values.mma",
    op: "paged_values",
    operands: { p: f32, v: cache, ...paging },
    cost: costOf("f16", 0.3, 0.6),
  }),
];
