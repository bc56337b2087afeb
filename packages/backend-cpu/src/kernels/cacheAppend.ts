import type { KernelRow } from "@tensorplan/backend-api";
import { f32, i32, perIsa, streaming } from "./perIsa.ts";

const rowsFor = (dtype: "f32" | "f16" | "bf16" | "q8_0"): readonly KernelRow[] =>
  perIsa({
    name: `cache_append.${dtype}`,
    op: "cache_append",
    operands: { state: { dtypes: [dtype] }, rows: f32, slots: i32 },
    outputs: { out: { dtypes: [dtype] } },
    shares: dtype === "f32" ? { ...streaming, generic: [0.3, 0.8] } : streaming,
    // Without a rounding there's nothing to vectorise.
    isas: dtype === "f32" ? ["generic"] : ["avx512", "avx2", "generic"],
  });

export const cacheAppendRows: readonly KernelRow[] = (["f32", "f16", "bf16", "q8_0"] as const).flatMap(
  rowsFor,
);
