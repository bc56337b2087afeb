import type { Candidates } from "./candidates.ts";
import { heapify, pop } from "./heap.ts";

/**
 * Keeps candidates in ascending order of `keys` until their probabilities (`c.probs`) add up to `enough`: at
 * least one, and none that is impossible. A heap, so that the work depends on how many stay, not on all.
 *
 * @param inclusive whether a sum of exactly `enough` is enough
 */
export function keepNearest(c: Candidates, keys: Float64Array, enough: number, inclusive: boolean): void {
  const { count, probs } = c;
  const heap = c.positions(count);
  const marks = c.clearedMarks();
  heapify(heap, keys, count);
  let sum = 0;
  for (let left = count; left > 0; left--) {
    const at = pop(heap, keys, left);
    const p = probs[at] as number;
    if (p === 0 && sum > 0) break;
    marks[at] = 1;
    sum += p;
    if (inclusive ? sum >= enough : sum > enough) break;
  }
  c.keepMarked(marks);
}
