import type { KernelRow } from "@tensorplan/backend-api";
import { cache, flashRow, paging } from "./paged.ts";
import { f32 } from "./planned.ts";

/** All heads of a token share one cache row: a multi-query attention whose keys are 576 values wide. */
export const latentAttentionRows: readonly KernelRow[] = [
  flashRow({
    name: "latent_attention.flash.mma",
    op: "latent_attention",
    operands: { q: f32, cache, ...paging },
    width: "q.-1",
  }),
];
