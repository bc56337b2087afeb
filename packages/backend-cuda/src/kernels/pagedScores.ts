import type { KernelRow } from "@tensorplan/backend-api";
import { cache, paging } from "./paged.ts";
import { costOf, f32, planned } from "./planned.ts";

export const pagedScoresRows: readonly KernelRow[] = [
  planned({
    name: "paged_scores.mma",
    op: "paged_scores",
    operands: { q: f32, k: cache, ...paging },
    cost: costOf("f16", 0.3, 0.6),
  }),
];
