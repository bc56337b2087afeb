import type { Candidates } from "./candidates.ts";
import { largest, tiesWith } from "./heap.ts";

/** Keeps the `k` most likely candidates; 0 keeps all. One pass with a heap of `k` logits. */
export function applyTopK(c: Candidates, k: number): void {
  if (k === 0 || k >= c.count) return;
  const heap = c.numbers(k);
  largest(c.logits, c.count, k, heap);
  const least = heap[0] as number;
  c.keepBest(least, tiesWith(heap, k, least));
}
