import type { Candidates } from "./candidates.ts";
import { drawPosition } from "./draw.ts";
import { type MirostatState, observe } from "./mirostat1.ts";
import type { Random } from "./random.ts";

/**
 * Mirostat 2: takes out the tokens whose surprise, -log2 p, is above `mu` (the most likely one stays), draws among
 * the rest, and moves `mu` against the error. No estimate of Zipf's exponent.
 *
 * @returns the token's position among the candidates
 * @see Basu et al., "Mirostat", arXiv:2007.14966; version 2 is described in the authors' repository
 */
export function drawMirostat2(c: Candidates, state: MirostatState, random: Random): number {
  const probs = c.softmax();
  const count = c.count;
  const marks = c.clearedMarks();
  // -log2 p <= mu, without a logarithm for each token.
  const least = 2 ** -state.mu;
  let best = 0;
  for (let i = 0; i < count; i++) {
    const p = probs[i] as number;
    if (p > (probs[best] as number)) best = i;
    if (p > 0 && p >= least) marks[i] = 1;
  }
  marks[best] = 1;
  c.keepMarked(marks);
  return observe(c, drawPosition(c, random), state);
}
