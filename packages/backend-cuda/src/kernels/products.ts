import type { KernelPredicate, KernelRow, OperandClaim, WorkspaceTerm } from "@tensorplan/backend-api";
import { type DType, storageOnlyNames } from "@tensorplan/ir";
import { costOf, f32, planned } from "./planned.ts";

/** Weights in blocks: those that are computed with elsewhere already, and those of which only the size is known. */
const blockTypes: readonly DType[] = ["q8_0", "iq4_nl", ...storageOnlyNames];
const plainTypes: readonly DType[] = ["f32", "f16", "bf16"];

/** With more rows than this a product reads each weight for several of them, and tensor cores pay. */
export const MOST_VECTOR_ROWS = 8;

/** What tensor cores can multiply. */
const TENSOR_INT8 = "tensor_int8";
export const TENSOR_F16 = "tensor_f16";

/** One way to compute a product with a weight. */
export interface ProductWay {
  readonly name: "vector" | "blocks.mma" | "plain.mma";
  /** A claim on a weight of this way's types. */
  readonly weight: OperandClaim;
  /** Work area for so many values of activations in the form that the weight is multiplied with. */
  rows(...dims: readonly string[]): readonly WorkspaceTerm[];
}

/** Rows in blocks of 32 codes, a scale and a sum: 36 bytes for 32 values. */
const quantised = (...dims: readonly string[]): readonly WorkspaceTerm[] => [{ bytes: 36, per: 32, dims }];
const halved = (...dims: readonly string[]): readonly WorkspaceTerm[] => [{ bytes: 2, dims }];

const ways: readonly ProductWay[] = [
  { name: "vector", weight: { dtypes: [...plainTypes, ...blockTypes] }, rows: quantised },
  { name: "blocks.mma", weight: { dtypes: blockTypes }, rows: quantised },
  { name: "plain.mma", weight: { dtypes: plainTypes }, rows: halved },
];

const costs: Readonly<Record<ProductWay["name"], KernelRow["cost"]>> = {
  vector: costOf("f32", 0.5, 0.75, 2),
  "blocks.mma": costOf("int8", 0.45, 0.7, 2),
  "plain.mma": costOf("f16", 0.65, 0.75, 2),
};

const needs: Readonly<Record<ProductWay["name"], readonly string[]>> = {
  vector: [],
  "blocks.mma": [TENSOR_INT8],
  "plain.mma": [TENSOR_F16],
};

const fewRows = (dim: string): KernelPredicate => ({
  kind: "dim",
  dim,
  max: MOST_VECTOR_ROWS,
  reason: `reads the weight once for each row: only for at most ${MOST_VECTOR_ROWS} rows`,
});

/**
 * The rows that every product with a weight has, best first: one for few rows, which memory bounds, and two for many on tensor cores,
 * by the kind of the weight.
 *
 * @param rowsDim the dimension that counts rows of activations for one weight
 */
export const productRows = (
  op: string,
  rowsDim: string,
  describe: (way: ProductWay) => {
    readonly operands: Readonly<Record<string, OperandClaim>>;
    readonly workspace: readonly WorkspaceTerm[];
    readonly outputs?: Readonly<Record<string, OperandClaim>>;
  },
): readonly KernelRow[] =>
  ways.map((way) =>
    planned({
      name: `${op}.${way.name}`,
      op,
      outputs: { out: f32 },
      ...describe(way),
      requires: needs[way.name],
      when: way.name === "vector" ? [fewRows(rowsDim)] : [],
      cost: costs[way.name],
    }),
  );

/** Pairs of a token and a chosen expert, sorted by expert: counts, places and the sorted pairs. */
export const expertLists = (experts: string): readonly WorkspaceTerm[] => [
  { bytes: 8, dims: [experts] },
  { bytes: 8, dims: ["ids.rows", "ids.-1"] },
];
