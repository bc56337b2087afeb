import { badLogit, type Candidates, noCandidates } from "./candidates.ts";
import { nextAbove } from "./scan.ts";

/** Keeps the most likely candidate alone; of several, the one with the lowest id. */
export function applyGreedy(c: Candidates): void {
  const { count, logits } = c;
  let best = -Infinity;
  let at = -1;
  for (let i = nextAbove(logits, 0, count, best); i < count; i = nextAbove(logits, i + 1, count, best)) {
    best = logits[i] as number;
    at = i;
  }
  if (at < 0) throw noCandidates();
  c.keepOnly(at);
}

/** The same straight from a model's logits, f32[vocab]: nothing copied. */
export function mostLikely(logits: Float32Array): number {
  const vocab = logits.length;
  let best = -Infinity;
  let at = -1;
  for (let i = nextAbove(logits, 0, vocab, best); i < vocab; i = nextAbove(logits, i + 1, vocab, best)) {
    const v = logits[i] as number;
    if (!(v < Infinity)) throw badLogit(v, i);
    best = v;
    at = i;
  }
  if (at < 0) throw noCandidates();
  return at;
}
