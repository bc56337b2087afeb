import type { KernelRow, OperandClaim } from "@tensorplan/backend-api";
import { cache, paging, tileShares } from "./paged.ts";
import { f32, perIsa } from "./perIsa.ts";

const weight = (layout: string): OperandClaim => ({
  dtypes: ["f32", "f16", "bf16", "q8_0", "iq4_nl"],
  layout,
});

/** The weights of a head are decoded once for a block of tokens, so both layouts are as fast. */
export const mlaDecompressedAttentionRows: readonly KernelRow[] = ["x16", "rows"].flatMap((layout) =>
  perIsa({
    name: `mla_decompressed_attention.${layout}`,
    op: "mla_decompressed_attention",
    operands: { q: f32, cache, k_up: weight(layout), v_b: weight(layout), ...paging },
    shares: tileShares,
    overheadNs: 2000,
  }),
);
