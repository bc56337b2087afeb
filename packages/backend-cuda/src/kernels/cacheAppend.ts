import type { KernelRow } from "@tensorplan/backend-api";
import { f32, i32, planned } from "./planned.ts";

export const cacheAppendRows: readonly KernelRow[] = (["f32", "f16", "bf16", "q8_0"] as const).map((dtype) =>
  planned({
    name: `cache_append.${dtype}`,
    op: "cache_append",
    operands: { state: { dtypes: [dtype] }, rows: f32, slots: i32 },
    outputs: { out: { dtypes: [dtype] } },
  }),
);
