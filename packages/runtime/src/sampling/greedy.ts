import { badLogit, type Candidates, noCandidates } from "./candidates.ts";

/** Keeps the most likely candidate alone; of several, the one with the lowest id. */
export function applyGreedy(c: Candidates): void {
  const logits = c.logits;
  let best = -Infinity;
  let at = -1;
  for (let i = 0; i < c.count; i++) {
    const v = logits[i] as number;
    if (v > best) {
      best = v;
      at = i;
    }
  }
  if (at < 0) throw noCandidates();
  c.keepOnly(at);
}

/** The same straight from a model's logits, f32[vocab]: one read, one comparison for each, nothing copied. */
export function mostLikely(logits: Float32Array): number {
  let best = -Infinity;
  let at = -1;
  for (let i = 0; i < logits.length; i++) {
    const v = logits[i] as number;
    // True for NaN too, which so costs nothing to look for.
    if (!(v <= best)) {
      if (!(v < Infinity)) throw badLogit(v, i);
      best = v;
      at = i;
    }
  }
  if (at < 0) throw noCandidates();
  return at;
}
