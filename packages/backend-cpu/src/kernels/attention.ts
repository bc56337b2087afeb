import type { KernelRow } from "@tensorplan/backend-api";
import { cache, flashRows, paging, tileShares } from "./paged.ts";
import { f32 } from "./perIsa.ts";

/** Best first across the ways: an instruction set's `split` comes before any `batch`, which takes whatever `split` refuses. */
export const attentionRows: readonly KernelRow[] = flashRows({
  name: "attention",
  op: "attention",
  operands: { q: f32, k: cache, v: cache, ...paging },
  width: "v.-1",
  shares: tileShares,
});
