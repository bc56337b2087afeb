import type { Candidates } from "./candidates.ts";
import { keepNearest } from "./nearest.ts";

/**
 * Locally typical sampling: keeps the tokens whose surprise, -log p, is nearest to the expected surprise (the
 * entropy), until their probabilities add up to more than `p`; 1 keeps all. May drop the most likely token.
 *
 * @see Meister et al., "Locally Typical Sampling", arXiv:2202.00666, section 4
 */
export function applyTypical(c: Candidates, p: number): void {
  if (p >= 1 || c.count === 1) return;
  const probs = c.softmax();
  const count = c.count;
  const keys = c.numbers(count);
  let entropy = 0;
  for (let i = 0; i < count; i++) {
    const q = probs[i] as number;
    const surprise = -Math.log(q);
    keys[i] = surprise;
    if (q > 0) entropy += q * surprise;
  }
  for (let i = 0; i < count; i++) keys[i] = Math.abs((keys[i] as number) - entropy);
  keepNearest(c, keys, p, 0, false);
}
