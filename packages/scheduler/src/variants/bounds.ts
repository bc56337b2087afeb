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
  const max: Record<string, number> = { ...symbols };
  const min: Record<string, number> = {};
  for (const name of Object.keys(symbols)) min[name] = 0;

  const sequences = Math.min(symbols["sequences"] ?? Number.POSITIVE_INFINITY, top(box.sequences.below));
  const tokens = Math.min(
    symbols["tokens"] ?? Number.POSITIVE_INFINITY,
    top(box.tokens.below),
    sequences * top(box.tokensPerSequence.below),
  );
  // A sequence's new tokens may come in several steps, so a step may carry few of them; but they must fit the context.
  if (box.tokensPerSequence.from > (symbols["context"] ?? Number.POSITIVE_INFINITY)) return undefined;
  const leastTokens = Math.max(box.tokens.from, box.sequences.from);
  // The bound of a box counts rows, the symbol whole pages: a sequence of 65 rows has a context of 128.
  const pages = (rows: number) => Math.ceil(rows / PAGE_ROWS);
  const leastPages = pages(box.context.from);
  const mostPages = pages(top(box.context.below));

  if (symbols["tokens"] !== undefined) [min["tokens"], max["tokens"]] = [leastTokens, tokens];
  if (symbols["outputs"] !== undefined) max["outputs"] = Math.min(symbols["outputs"], tokens);
  if (symbols["sequences"] !== undefined) {
    [min["sequences"], max["sequences"]] = [box.sequences.from, Math.min(sequences, tokens)];
  }
  if (symbols["pages"] !== undefined) {
    [min["pages"], max["pages"]] = [leastPages, Math.min(symbols["pages"], mostPages)];
  }
  if (symbols["context"] !== undefined) {
    [min["context"], max["context"]] = [
      leastPages * PAGE_ROWS,
      Math.min(symbols["context"], mostPages * PAGE_ROWS),
    ];
  }
  // The page pool has one size, whatever the step.
  if (symbols["slots"] !== undefined) min["slots"] = symbols["slots"];
  return Object.keys(symbols).every((name) => (min[name] as number) <= (max[name] as number))
    ? { min, max }
    : undefined;
}
