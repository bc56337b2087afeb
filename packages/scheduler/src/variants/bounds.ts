import type { Bindings } from "@tensorplan/ir";
import type { Box } from "./box.ts";

/** Least and largest value of each symbol of the graph over the steps of a variant. */
export interface Bounds {
  readonly min: Bindings;
  readonly max: Bindings;
}

/** Rows of a page; a sequence's context is counted in whole pages. */
const PAGE_ROWS = 64;

const top = (below: number | null): number => (below === null ? Number.POSITIVE_INFINITY : below - 1);

/**
 * Bounds of the step symbols (`tokens`, `outputs`, `sequences`, `pages`, `context`, `slots`) inside a box; other symbols range up to their
 * maximum in the graph. `undefined` where no step of the graph lies in the box.
 */
export function boundsOf(symbols: Bindings, box: Box): Bounds | undefined {
  const most = (name: string, otherwise = Number.POSITIVE_INFINITY) => symbols[name] ?? otherwise;
  const sequences = Math.min(most("sequences"), top(box.sequences.below));
  const tokens = Math.min(
    most("tokens"),
    top(box.tokens.below),
    sequences * top(box.tokensPerSequence.below),
  );
  // A sequence's new tokens may come in several steps, so a step may carry few of them; but they must fit the context.
  if (box.tokensPerSequence.from > most("context")) return undefined;
  // The bound of a box counts rows, the symbol whole pages: a sequence of 65 rows has a context of 128.
  const pages = (rows: number) => Math.ceil(rows / PAGE_ROWS);
  const [leastPages, mostPages] = [pages(box.context.from), pages(top(box.context.below))];

  const known: Readonly<Record<string, readonly [number, number]>> = {
    tokens: [Math.max(box.tokens.from, box.sequences.from), tokens],
    outputs: [0, Math.min(most("outputs"), tokens)],
    sequences: [box.sequences.from, Math.min(sequences, tokens)],
    pages: [leastPages, Math.min(most("pages"), mostPages)],
    context: [leastPages * PAGE_ROWS, Math.min(most("context"), mostPages * PAGE_ROWS)],
    // The page pool has one size, whatever the step.
    slots: [most("slots", 0), most("slots", 0)],
  };
  const range = (name: string) => known[name] ?? [0, most(name, 0)];
  const names = Object.keys(symbols);
  if (names.some((name) => range(name)[0] > range(name)[1])) return undefined;
  return {
    min: Object.fromEntries(names.map((name) => [name, range(name)[0]])),
    max: Object.fromEntries(names.map((name) => [name, range(name)[1]])),
  };
}
