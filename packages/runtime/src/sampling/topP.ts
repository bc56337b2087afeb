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
  const { count, logits } = c;
  const keys = c.numbers(count);
  for (let i = 0; i < count; i++) keys[i] = -(logits[i] as number);
  // All tokens below this have at most (1 - p) / 2 together, so the others alone reach p. The half leaves room for
  // rounding, which for p next to 1 it couldn't.
  const least = p < 1 - 1e-6 ? (1 - p) / (2 * count) : 0;
  keepNearest(c, keys, p, least, true);
}
