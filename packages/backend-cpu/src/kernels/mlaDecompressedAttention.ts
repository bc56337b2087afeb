import type { KernelRow, OperandClaim } from "@tensorplan/backend-api";
import { type DType, storageOnlyNames } from "@tensorplan/ir";
import { cache, paging, tileShares } from "./paged.ts";
import { f32, perIsa } from "./perIsa.ts";

const blockTypes: readonly DType[] = ["q8_0", "iq4_nl"];
const weightTypes: readonly DType[] = ["f32", "f16", "bf16", ...blockTypes];

const operands = (layout: string, dtypes: readonly DType[]): Readonly<Record<string, OperandClaim>> => {
  const weight = { dtypes, layout };
  return { q: f32, cache, k_up: weight, v_b: weight, ...paging };
};

/**
 * The weights of a head are prepared once for a block of up to 512 tokens, so both layouts are as fast. Block weights are multiplied in
 * integers, which for the whole comes to more than the f32 rate; shares are of the f32 rate.
 */
export const mlaDecompressedAttentionRows: readonly KernelRow[] = [
  ...["x16", "rows"].flatMap((layout) => [
    ...perIsa({
      name: `mla_decompressed_attention.int8.${layout}`,
      op: "mla_decompressed_attention",
      operands: operands(layout, blockTypes),
      shares: { ...tileShares, avx512: [1.3, 0.8] },
      overheadNs: 2000,
      isas: ["avx512"],
    }),
    ...perIsa({
      name: `mla_decompressed_attention.${layout}`,
      op: "mla_decompressed_attention",
      operands: operands(layout, weightTypes),
      shares: tileShares,
      overheadNs: 2000,
    }),
  ]),
  ...perIsa({
    name: "mla_decompressed_attention.other.rows",
    op: "mla_decompressed_attention",
    operands: operands("rows", [...storageOnlyNames, ...blockTypes]),
    shares: tileShares,
    overheadNs: 2000,
    isas: ["avx2"],
    status: "planned",
  }),
];
