import { PAGE_ROWS } from "@tensorplan/ir";
import type { Sequence } from "./sequence.ts";

/** New tokens of one sequence in a step. `outputs`: the last `outputs` of them want logits. */
export interface StepEntry {
  readonly sequence: Sequence;
  readonly tokens: readonly number[];
  readonly outputs: number;
}

/** The arrays of a step by input name (see `StepInputs` of the models package), and the values of the graph's symbols. */
export interface AssembledStep {
  readonly inputs: Readonly<Record<string, Int32Array>>;
  readonly symbols: Readonly<Record<string, number>>;
  /** Rows of the longest sequence after the step: what the plan's thresholds count, where the symbols count whole pages. */
  readonly rows: number;
}

/**
 * Writes down a step for sequences whose rows are already reserved.
 *
 * @param slots rows of the page pool
 */
export function assembleStep(entries: readonly StepEntry[], slots: number): AssembledStep {
  const count = entries.reduce((sum, entry) => sum + entry.tokens.length, 0);
  const outputs = entries.reduce((sum, entry) => sum + entry.outputs, 0);
  const rows = Math.max(...entries.map((e) => e.sequence.length + e.tokens.length));
  const pages = Math.ceil(rows / PAGE_ROWS);
  const tokens = new Int32Array(count);
  const positions = new Int32Array(count);
  const sequenceOf = new Int32Array(count);
  const slotOf = new Int32Array(count);
  const outputRows = new Int32Array(outputs);
  const pageTable = new Int32Array(entries.length * pages);
  let row = 0;
  let output = 0;
  entries.forEach((entry, index) => {
    entry.sequence.pages.slice(0, pages).forEach((page, i) => {
      pageTable[index * pages + i] = page;
    });
    entry.tokens.forEach((token, i) => {
      const position = entry.sequence.length + i;
      tokens[row] = token;
      positions[row] = position;
      sequenceOf[row] = index;
      slotOf[row] = entry.sequence.slot(position);
      if (i >= entry.tokens.length - entry.outputs) outputRows[output++] = row;
      row++;
    });
  });
  return {
    inputs: {
      tokens,
      positions,
      sequence_of: sequenceOf,
      slots: slotOf,
      page_table: pageTable,
      output_rows: outputRows,
    },
    symbols: {
      tokens: count,
      outputs,
      sequences: entries.length,
      pages,
      context: pages * PAGE_ROWS,
      slots,
    },
    rows,
  };
}
