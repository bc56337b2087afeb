import type { Candidates } from "./candidates.ts";
import { tiesWith } from "./heap.ts";

/**
 * Tail-free sampling: sort the probabilities, and take the curve's second differences as weights that add up to 1
 * (all equal if the curve is straight); the tail starts where their sum, from the most likely token on, passes `z`.
 * 1 keeps all; at least one token stays.
 *
 * Only the values are sorted: how many stay says which ones.
 *
 * @see Phénix and Egan, "Tail Free Sampling", 2019
 */
export function applyTailFree(c: Candidates, z: number): void {
  const n = c.count;
  if (z >= 1 || n <= 2) return;
  const sorted = c.numbers(n).subarray(0, n);
  sorted.set(c.logits.subarray(0, n));
  sorted.sort().reverse();
  const keep = beforeTail(c.softmax(sorted), n, z);
  if (keep === n) return;
  const least = sorted[keep - 1] as number;
  c.keepBest(least, tiesWith(sorted, keep, least));
}

/** How many of the tokens with these probabilities, most likely first, come before the tail. */
function beforeTail(probs: Float64Array, n: number, z: number): number {
  let total = 0;
  for (let i = 0; i < n - 2; i++) total += bend(probs, i);
  let passed = 0;
  for (let i = 0; i < n - 2; i++) {
    passed += total > 1e-6 ? bend(probs, i) / total : 1 / (n - 2);
    if (passed > z && i > 0) return i;
  }
  return n;
}

/** |second difference| of a curve at `i`. */
function bend(p: Float64Array, i: number): number {
  return Math.abs((p[i] as number) - 2 * (p[i + 1] as number) + (p[i + 2] as number));
}
