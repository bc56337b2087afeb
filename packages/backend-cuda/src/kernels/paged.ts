import type { KernelPredicate, KernelRow, OperandClaim } from "@tensorplan/backend-api";
import { costOf, i32, planned } from "./planned.ts";
import { MOST_VECTOR_ROWS, TENSOR_F16 } from "./products.ts";

/** Element types that kernels widen as they read a cache. */
export const cache: OperandClaim = { dtypes: ["f32", "f16", "bf16", "q8_0"] };

/** Operands that say where the rows of sequences lie. */
export const paging = { positions: i32, sequence_of: i32, page_table: i32 };

/** Parts that a query's context is cut into, so that a few tokens fill a whole GPU. */
const SPANS = 16;

const fewTokens: KernelPredicate = {
  kind: "dim",
  dim: "q.0",
  max: MOST_VECTOR_ROWS,
  reason: `cuts each query's context in spans, whose results need memory: only for at most ${MOST_VECTOR_ROWS} tokens`,
};

/**
 * Attention over pages, the scores never in memory: `split` for few tokens, whose spans a second kernel joins, then `mma` for any number.
 */
export const flashRows = (kernel: {
  readonly name: string;
  readonly op: string;
  readonly operands: Readonly<Record<string, OperandClaim>>;
  /** Dimension that is at least the width of the values. */
  readonly width: string;
}): readonly KernelRow[] => {
  const { name, op, operands, width } = kernel;
  return [
    planned({
      name: `${name}.split`,
      op,
      operands,
      requires: [TENSOR_F16],
      when: [fewTokens],
      workspace: [
        { bytes: 4 * SPANS, dims: ["q.0", "q.1", width] },
        { bytes: 8 * SPANS, dims: ["q.0", "q.1"] },
      ],
      cost: costOf("f16", 0.3, 0.75, 2),
    }),
    planned({ name: `${name}.mma`, op, operands, requires: [TENSOR_F16], cost: costOf("f16", 0.45, 0.7) }),
  ];
};
