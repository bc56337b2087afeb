import { type Axis, axis } from "../../axis/axis.ts";
import { type Operand, operand } from "../../graph/evaluateOp.ts";

export interface PagedSequence {
  /** Pages of the pool that hold the sequence's rows, in order. */
  readonly pages: readonly number[];
  /** Positions of the step's tokens. */
  readonly positions: readonly number[];
}

/**
 * The step inputs of some sequences, as operands of one attention: `positions`, `sequence_of`, `page_table`. Unused entries of the page
 * table are −1, which nothing may read.
 */
export function pagedStep(sequences: readonly PagedSequence[]): {
  readonly tokens: Axis;
  readonly operands: {
    readonly positions: Operand;
    readonly sequence_of: Operand;
    readonly page_table: Operand;
  };
} {
  const positions = sequences.flatMap((sequence) => sequence.positions);
  const owners = sequences.flatMap((sequence, s) => sequence.positions.map(() => s));
  const width = Math.max(0, ...sequences.map(({ pages }) => pages.length));
  const table = sequences.flatMap(({ pages }) => Array.from({ length: width }, (_, i) => pages[i] ?? -1));
  const tokens = axis("tokens", positions.length);
  return {
    tokens,
    operands: {
      positions: operand([tokens], positions, "i32"),
      sequence_of: operand([tokens], owners, "i32"),
      page_table: operand([axis("sequences", sequences.length), axis("pages", width)], table, "i32"),
    },
  };
}
