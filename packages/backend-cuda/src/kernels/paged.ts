import type { KernelRow, OperandClaim, WorkspaceTerm } from "@tensorplan/backend-api";
import { costOf, i32, planned } from "./planned.ts";
import { TENSOR_F16 } from "./products.ts";

/** Element types that kernels widen as they read a cache. */
export const cache: OperandClaim = { dtypes: ["f32", "f16", "bf16", "q8_0"] };

/** Operands that say where the rows of sequences lie. */
export const paging = { positions: i32, sequence_of: i32, page_table: i32 };

/** Parts that a query's context is cut into, so that a few tokens fill a whole GPU. */
const SPANS = 16;

/** Attention over pages in one kernel, its scores never in memory, and a second that joins the spans. */
export const flashRow = (kernel: {
  readonly name: string;
  readonly op: string;
  readonly operands: Readonly<Record<string, OperandClaim>>;
  /** Dimension that is at least the width of the values. */
  readonly width: string;
}): KernelRow => {
  const spans: readonly WorkspaceTerm[] = [
    { bytes: 4 * SPANS, dims: ["sequence_of.0", "q.1", kernel.width] },
    { bytes: 8 * SPANS, dims: ["sequence_of.0", "q.1"] },
  ];
  return planned({
    name: kernel.name,
    op: kernel.op,
    operands: kernel.operands,
    requires: [TENSOR_F16],
    workspace: spans,
    cost: costOf("f16", 0.45, 0.7, 2),
  });
};
