import type { KernelRow } from "@tensorplan/backend-api";
import { cache, paging, tileShares } from "./paged.ts";
import { f32, perIsa } from "./perIsa.ts";

export const pagedScoresRows: readonly KernelRow[] = perIsa({
  name: "paged_scores",
  op: "paged_scores",
  operands: { q: f32, k: cache, ...paging },
  shares: tileShares,
});
