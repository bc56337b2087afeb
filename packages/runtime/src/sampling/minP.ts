import type { Candidates } from "./candidates.ts";

/**
 * Keeps the tokens at least `p` times as likely as the most likely one; 0 keeps all. In logits this is one
 * threshold, so no probability is computed.
 *
 * @see Nguyen et al., "Turning Up the Heat: Min-p Sampling", arXiv:2407.01082, section 3
 */
export function applyMinP(c: Candidates, p: number): void {
  if (p <= 0 || c.count === 1) return;
  c.keepBest(c.maxLogit() + Math.log(p), c.count);
}
