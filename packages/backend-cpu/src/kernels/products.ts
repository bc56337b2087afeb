import type { KernelCost, KernelRow, OperandClaim, WorkspaceTerm } from "@tensorplan/backend-api";
import { type StorageDType, storageOnlyNames } from "@tensorplan/ir";
import { avx2Features, avx512Features } from "./isa.ts";

/**
 * The rows that every product with a weight has: one for each layout, element type and instruction set, best first. The native table
 * lists the same (`native/ops/matmul/product.cc`).
 */

type ProductLayout = "x16" | "rows";

export interface ProductVariant {
  readonly dtype: StorageDType;
  readonly layout: ProductLayout;
  /** Whether rows are quantised to eight bits before they are multiplied. */
  readonly quantised: boolean;
}

interface Isa {
  readonly name: string;
  readonly requires: readonly string[];
  /** Share of the device's peak that products of many rows reach, measured. */
  readonly computeShare: number;
  /** Share of the memory bandwidth that products of one row reach, measured. */
  readonly memoryShare: number;
}

const avx2Blocks: Isa = { name: "avx2", requires: avx2Features, computeShare: 0.16, memoryShare: 0.7 };

const blockIsas: readonly Isa[] = [
  { name: "avx512vnni", requires: avx512Features, computeShare: 0.66, memoryShare: 0.9 },
  { name: "avxvnni", requires: [...avx2Features, "avx_vnni"], computeShare: 0.37, memoryShare: 0.85 },
  avx2Blocks,
  { name: "generic", requires: [], computeShare: 0.025, memoryShare: 0.05 },
];

const plainIsas: readonly Isa[] = [
  { name: "avx512", requires: avx512Features, computeShare: 0.75, memoryShare: 0.9 },
  { name: "avx2", requires: avx2Features, computeShare: 0.4, memoryShare: 0.8 },
  { name: "generic", requires: [], computeShare: 0.03, memoryShare: 0.2 },
];

/** File rows are packed into groups of 16 on the way, once for every chunk. */
const packingShare = { computeShare: 0.9, memoryShare: 0.5 };

export const blockTypes: readonly StorageDType[] = ["q8_0", "iq4_nl"];
export const plainTypes: readonly StorageDType[] = ["f32", "f16", "bf16"];
const storageTypes = [...plainTypes, ...blockTypes];

export const f32: OperandClaim = { dtypes: ["f32"] };
export const i32: OperandClaim = { dtypes: ["i32"] };

/** A weight in the variant's layout. */
export const weight = (
  variant: ProductVariant,
  dtypes: readonly StorageDType[] = [variant.dtype],
): OperandClaim => ({
  dtypes,
  layout: variant.layout,
});

/** Rows of activations quantised in blocks of 32 codes, a scale and a sum: 40 bytes for 32 values. */
export const quantisedRows = (
  variant: ProductVariant,
  ...dims: readonly string[]
): readonly WorkspaceTerm[] => (variant.quantised ? [{ bytes: 40, per: 32, dims }] : []);

/** Lists of the pairs that each expert computes. */
export const expertLists = (experts: string): readonly WorkspaceTerm[] => [
  { bytes: 12, dims: [experts] },
  { bytes: 64, dims: [] },
  { bytes: 4, dims: ["ids.rows", "ids.-1"] },
];

const costOf = (isa: Isa, variant: ProductVariant, overheadNs: number): KernelCost => ({
  rate: variant.quantised ? "int8" : "f32",
  computeShare: isa.computeShare * (variant.layout === "rows" ? packingShare.computeShare : 1),
  memoryShare: isa.memoryShare * (variant.layout === "rows" ? packingShare.memoryShare : 1),
  overheadNs,
});

/** Types that no kernel decodes yet. One row stands for all of them: what it will cost is what the types that exist cost. */
const plannedVariant: ProductVariant = { dtype: "q8_0", layout: "rows", quantised: true };

const plannedRow = (
  op: string,
  overheadNs: number,
  describe: (variant: ProductVariant) => Pick<KernelRow, "operands" | "workspace">,
): KernelRow => {
  const { operands, workspace } = describe(plannedVariant);
  return {
    name: `${op}.other.rows.avx2`,
    op,
    // Parts of one product may be of different types, such as down of an expert whose rows are short.
    operands: Object.fromEntries(
      Object.entries(operands).map(([name, claim]) => [
        name,
        claim.layout === undefined ? claim : { ...claim, dtypes: [...storageOnlyNames, ...blockTypes] },
      ]),
    ),
    workspace,
    outputs: { out: f32 },
    requires: avx2Features,
    when: [],
    cost: costOf(avx2Blocks, plannedVariant, overheadNs),
    status: "planned",
  };
};

export const productRows = (
  op: string,
  overheadNs: number,
  describe: (variant: ProductVariant) => Pick<KernelRow, "operands" | "workspace">,
): readonly KernelRow[] => [
  ...(["x16", "rows"] as const).flatMap((layout) =>
    storageTypes.flatMap((dtype) => {
      const variant: ProductVariant = { dtype, layout, quantised: blockTypes.includes(dtype) };
      return (variant.quantised ? blockIsas : plainIsas).map(
        (isa): KernelRow => ({
          name: `${op}.${dtype}.${layout}.${isa.name}`,
          op,
          ...describe(variant),
          outputs: { out: f32 },
          requires: isa.requires,
          when: [],
          cost: costOf(isa, variant, overheadNs),
          status: "ready",
        }),
      );
    }),
  ),
  plannedRow(op, overheadNs, describe),
];
