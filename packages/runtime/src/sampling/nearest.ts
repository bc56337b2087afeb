import type { Candidates } from "./candidates.ts";
import { heapify, pop } from "./heap.ts";

/**
 * Keeps candidates in ascending order of `keys` until their probabilities (`c.probs`) add up to `enough`: at
 * least one, and none that is impossible. A heap, so that the work depends on how many stay, not on all.
 *
 * @param keys       f64[count]; ties go to the lower token
 * @param least      candidates less probable than this can't be reached before `enough` is; 0 if that isn't known
 * @param inclusive  whether a sum of exactly `enough` is enough
 */
export function keepNearest(
  c: Candidates,
  keys: Float64Array,
  enough: number,
  least: number,
  inclusive: boolean,
): void {
  const { count, probs } = c;
  const heap = c.positions(count);
  const marks = c.clearedMarks();
  let left = 0;
  for (let i = 0; i < count; i++) {
    const p = probs[i] as number;
    if (p > 0 && p >= least) heap[left++] = i;
  }
  heapify(heap, keys, left);
  let sum = 0;
  for (; left > 0; left--) {
    const at = pop(heap, keys, left);
    marks[at] = 1;
    sum += probs[at] as number;
    if (inclusive ? sum >= enough : sum > enough) break;
  }
  c.keepMarked(marks);
}
