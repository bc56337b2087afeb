import type { KernelRow } from "@tensorplan/backend-api";
import { storageOnlyNames } from "@tensorplan/ir";

/** Rows are decoded as they are looked up, from the file's own form. */
export const embedRows: readonly KernelRow[] = [
  {
    name: "embed.rows.generic",
    op: "embed",
    operands: {
      table: { dtypes: ["f32", "f16", "bf16", "q8_0", "iq4_nl"], layout: "rows" },
      ids: { dtypes: ["i32"] },
    },
    outputs: { out: { dtypes: ["f32"] } },
    requires: [],
    when: [],
    workspace: [],
    cost: { rate: "f32", computeShare: 0.05, memoryShare: 0.3, overheadNs: 500 },
    status: "ready",
  },
  {
    name: "embed.other.rows.generic",
    op: "embed",
    operands: { table: { dtypes: storageOnlyNames, layout: "rows" }, ids: { dtypes: ["i32"] } },
    outputs: { out: { dtypes: ["f32"] } },
    requires: [],
    when: [],
    workspace: [],
    cost: { rate: "f32", computeShare: 0.05, memoryShare: 0.3, overheadNs: 500 },
    status: "planned",
  },
];
