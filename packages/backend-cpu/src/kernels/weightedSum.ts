import type { KernelRow } from "@tensorplan/backend-api";
import { avx2Features, avx512Features } from "./isa.ts";

const isas = [
  { name: "avx512", requires: avx512Features },
  { name: "avx2", requires: avx2Features },
  { name: "generic", requires: [] },
] as const;

export const weightedSumRows: readonly KernelRow[] = isas.map(({ name, requires }) => ({
  name: `weighted_sum.${name}`,
  op: "weighted_sum",
  operands: { x: { dtypes: ["f32"] }, weights: { dtypes: ["f32"] } },
  outputs: { out: { dtypes: ["f32"] } },
  requires,
  when: [],
  workspace: [],
  cost: { rate: "f32", computeShare: 0.25, memoryShare: 0.8, overheadNs: 2000 },
  status: "ready",
}));
