import type { Candidates } from "./candidates.ts";
import { drawPosition } from "./draw.ts";
import { largest } from "./heap.ts";
import type { Random } from "./random.ts";
import { applyTopK } from "./topK.ts";

/** What mirostat carries from token to token. `mu`, in bits, is the surprise that it allows; it starts at 2·tau. */
export interface MirostatState {
  mu: number;
  /** Target surprise, bits. */
  readonly tau: number;
  /** Learning rate. */
  readonly eta: number;
}

/** How many of the most likely tokens the exponent is estimated from. */
const estimateFrom = 100;

/**
 * Mirostat 1: estimates the exponent of Zipf's law from the most likely tokens, works out how many tokens keep
 * the expected surprise at `mu`, draws among them, and moves `mu` against the error.
 *
 * @returns the token's position among the candidates
 * @see Basu et al., "Mirostat", arXiv:2007.14966, algorithm 1
 */
export function drawMirostat1(c: Candidates, state: MirostatState, random: Random): number {
  if (c.count > 1) {
    const exponent = zipfExponent(c);
    applyTopK(c, Math.max(1, Math.min(c.count, Math.floor(zipfCutoff(exponent, state.mu, c.vocab)))));
  }
  return observe(c, drawPosition(c, random), state);
}

/** Moves `mu` by what the drawn token's surprise was off the target; gives the position back. */
export function observe(c: Candidates, position: number, state: MirostatState): number {
  const surprise = -Math.log2(c.probs[position] as number);
  state.mu -= state.eta * (surprise - state.tau);
  return position;
}

/** Least squares through the origin of log(p_i / p_i+1) over log((i+2) / (i+1)); 0 for a flat start. */
function zipfExponent(c: Candidates): number {
  const scratch = c.numbers(estimateFrom);
  const size = largest(c.logits, c.count, estimateFrom, scratch);
  const top = scratch.subarray(0, size).sort();
  let products = 0;
  let squares = 0;
  for (let i = 0; i + 1 < size; i++) {
    const next = top[size - 2 - i] as number;
    if (next === -Infinity) break;
    const t = Math.log((i + 2) / (i + 1));
    products += t * ((top[size - 1 - i] as number) - next);
    squares += t * t;
  }
  // One possible token alone: nothing to estimate, any number of tokens keeps it.
  return squares === 0 ? 0 : products / squares;
}

/** The number of tokens whose cross-entropy under Zipf's law is `mu` bits (equation 2 of the paper). */
export function zipfCutoff(exponent: number, mu: number, vocab: number): number {
  // Zipf's law says nothing about a flat curve; there, 2^mu tokens have a surprise of mu each.
  if (exponent === 0) return 2 ** mu;
  const epsilon = exponent - 1;
  const size = Math.log(vocab);
  const factor = epsilon === 0 ? 1 / size : epsilon / -Math.expm1(-epsilon * size);
  return (factor * 2 ** mu) ** (1 / exponent);
}
