import type { KernelRow } from "@tensorplan/backend-api";
import { cache, flashRows, paging, tileShares } from "./paged.ts";
import { f32 } from "./perIsa.ts";

export const latentAttentionRows: readonly KernelRow[] = flashRows({
  name: "latent_attention",
  op: "latent_attention",
  operands: { q: f32, cache, ...paging },
  width: "q.-1",
  shares: tileShares,
});
