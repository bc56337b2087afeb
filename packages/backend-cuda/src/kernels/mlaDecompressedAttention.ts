import type { KernelRow, OperandClaim } from "@tensorplan/backend-api";
import { storageOnlyNames } from "@tensorplan/ir";
import { cache, paging } from "./paged.ts";
import { costOf, f32, planned } from "./planned.ts";
import { TENSOR_F16 } from "./products.ts";

/** Cache rows whose keys and values are rebuilt at once, in f16. */
const TILE_ROWS = 1024;

const weight: OperandClaim = { dtypes: ["f32", "f16", "bf16", "q8_0", "iq4_nl", ...storageOnlyNames] };

export const mlaDecompressedAttentionRows: readonly KernelRow[] = [
  planned({
    name: "mla_decompressed_attention.mma",
    op: "mla_decompressed_attention",
    operands: { q: f32, cache, k_up: weight, v_b: weight, ...paging },
    requires: [TENSOR_F16],
    workspace: [
      { bytes: 2 * TILE_ROWS, dims: ["k_up.0", "k_up.1"] },
      { bytes: 2 * TILE_ROWS, dims: ["v_b.0", "v_b.1"] },
    ],
    cost: costOf("f16", 0.4, 0.7, 3),
  }),
];
