import type { KernelRow } from "@tensorplan/backend-api";
import { cache, flashRows, paging } from "./paged.ts";
import { f32 } from "./planned.ts";

/** All heads of a token share one cache row: a multi-query attention whose keys are as wide as latent and rope together. */
export const latentAttentionRows: readonly KernelRow[] = flashRows({
  name: "latent_attention.flash",
  op: "latent_attention",
  operands: { q: f32, cache, ...paging },
  width: "q.-1",
});
