import type { KernelRow } from "@tensorplan/backend-api";
import { storageOnlyNames } from "@tensorplan/ir";
import { i32, planned } from "./planned.ts";

/** Rows are decoded as they are looked up. */
export const embedRows: readonly KernelRow[] = [
  planned({
    name: "embed.rows",
    op: "embed",
    operands: { table: { dtypes: ["f32", "f16", "bf16", "q8_0", "iq4_nl", ...storageOnlyNames] }, ids: i32 },
  }),
];
