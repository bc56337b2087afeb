import type { KernelRow } from "@tensorplan/backend-api";
import { cache, flashRows, paging, tileShares } from "./paged.ts";
import { f32 } from "./perIsa.ts";

/**
 * A q8_0 cache is multiplied as it is, in integers: about twice the speed of f32, with queries rounded to eight bits in blocks. Shares
 * are of the f32 rate.
 */
export const latentAttentionRows: readonly KernelRow[] = [
  ...flashRows({
    name: "latent_attention.q8_0",
    op: "latent_attention",
    operands: { q: f32, cache: { dtypes: ["q8_0"] }, ...paging },
    width: "q.-1",
    shares: { ...tileShares, avx512: [1.1, 0.8] },
    isas: ["avx512"],
  }),
  ...flashRows({
    name: "latent_attention",
    op: "latent_attention",
    operands: { q: f32, cache, ...paging },
    width: "q.-1",
    shares: tileShares,
  }),
];
