import { axis, PAGE_ROWS, type PagedSequence, pagedStep, type RandomNumbers } from "@tensorplan/ir";
import { between, distinct, drawn, indices, type OperandSketch, tokens } from "./sketch.ts";

/** A step over a paged cache. */
export interface PagedDraw {
  /** `positions`, `sequence_of`, `page_table` */
  readonly paging: Readonly<Record<string, OperandSketch>>;
  /** Axis of the cache's rows. */
  readonly slots: ReturnType<typeof axis>;
  readonly count: number;
  /** Rows that the longest sequence can have. */
  readonly context: number;
}

/** Sequences whose pages lie in any order; each adds some tokens at the end of some history. */
function sequences(random: RandomNumbers, many: boolean): readonly PagedSequence[] {
  const count = many ? 2 : 1;
  const lengths = drawn(count, () => between(random, 1, PAGE_ROWS + 30));
  const pagesOf = lengths.map((length) => Math.ceil(length / PAGE_ROWS));
  const total = pagesOf.reduce((sum, pages) => sum + pages, 0);
  const pool = distinct(random, total, total + 1);
  let taken = 0;
  return lengths.map((length, s) => {
    const pages = pool.slice(taken, taken + (pagesOf[s] ?? 0));
    taken += pages.length;
    const fresh = Math.min(length, many ? between(random, 1, 10) : 1);
    return { pages, positions: drawn(fresh, (i) => length - fresh + i) };
  });
}

/** One token of one sequence, or runs of tokens of several. */
export function drawPaged(random: RandomNumbers, many: boolean): PagedDraw {
  const drawnSequences = sequences(random, many);
  const { operands } = pagedStep(drawnSequences);
  const [rows = 0, width = 0] = operands.page_table.tensor.shape;
  const pages = 1 + drawnSequences.reduce((sum, sequence) => sum + sequence.pages.length, 0);
  const positions = [...operands.positions.tensor.data];
  return {
    paging: {
      positions: indices([tokens], positions),
      sequence_of: indices([tokens], [...operands.sequence_of.tensor.data]),
      page_table: indices(
        [axis("sequences", rows), axis("pages", width)],
        [...operands.page_table.tensor.data],
      ),
    },
    slots: axis("slots", pages * PAGE_ROWS),
    count: positions.length,
    context: width * PAGE_ROWS,
  };
}
