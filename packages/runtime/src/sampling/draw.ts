import type { Candidates } from "./candidates.ts";
import type { Random } from "./random.ts";

/**
 * Draws a candidate by its probability, walking the candidates in ascending id.
 *
 * @returns its position; `c.probs` then holds the probabilities that were drawn from
 */
export function drawPosition(c: Candidates, random: Random): number {
  const probs = c.softmax();
  const count = c.count;
  const target = random.uniform();
  let sum = 0;
  let last = 0;
  for (let i = 0; i < count; i++) {
    const p = probs[i] as number;
    if (p === 0) continue;
    sum += p;
    if (sum > target) return i;
    last = i;
  }
  // Rounding can leave the sum a little below 1.
  return last;
}
