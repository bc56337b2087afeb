import type { Candidates } from "./candidates.ts";
import { keepNearest } from "./nearest.ts";

/**
 * Nucleus sampling: keeps the most likely tokens until their probabilities add up to `p`; 1 keeps all.
 *
 * @see Holtzman et al., "The Curious Case of Neural Text Degeneration", arXiv:1904.09751, section 3.1
 */
export function applyTopP(c: Candidates, p: number): void {
  if (p >= 1 || c.count === 1) return;
  c.softmax();
  const keys = c.numbers(c.count);
  for (let i = 0; i < c.count; i++) keys[i] = -(c.logits[i] as number);
  keepNearest(c, keys, p, true);
}
