import type { KernelRow } from "@tensorplan/backend-api";
import { cache, paging, tileShares } from "./paged.ts";
import { f32, perIsa } from "./perIsa.ts";

export const pagedValuesRows: readonly KernelRow[] = perIsa({
  name: "paged_values",
  op: "paged_values",
  operands: { p: f32, v: cache, ...paging },
  shares: tileShares,
});
