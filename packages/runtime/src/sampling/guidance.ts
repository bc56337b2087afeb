import { badLogit, type Candidates, noCandidates } from "./candidates.ts";
import { samplingError } from "./samplerError.ts";

/**
 * Classifier-free guidance: u + scale·(c - u), where c and u are the log-probabilities with the prompt and with
 * the negative prompt. Scale 0 follows the negative prompt alone, 1 the prompt alone. Otherwise a token that
 * either side rules out stays ruled out: the formula would make one that only u rules out infinitely likely.
 *
 * @param cond    f32[vocab], not changed
 * @param uncond  f32[vocab], not changed
 * @see Sanchez et al., "Stay on topic with Classifier-Free Guidance", arXiv:2306.17806, section 2.2
 */
export function applyGuidance(c: Candidates, cond: Float32Array, uncond: Float32Array, scale: number): void {
  if (cond.length !== uncond.length) {
    throw samplingError(
      "sampler/bad-logits",
      `${uncond.length} unconditional logits for ${cond.length} conditional ones`,
      "both must come from the same model",
    );
  }
  const condTotal = logSumExp(cond);
  const uncondTotal = logSumExp(uncond);
  c.begin(cond.length);
  const logits = c.logits;
  for (let i = 0; i < cond.length; i++) {
    const lc = (cond[i] as number) - condTotal;
    const lu = (uncond[i] as number) - uncondTotal;
    if (scale === 0) logits[i] = lu;
    else if (lc === -Infinity || lu === -Infinity) logits[i] = -Infinity;
    else logits[i] = lu + scale * (lc - lu);
  }
}

/** log Σ exp(x), shifted by the maximum so that it can't overflow. */
function logSumExp(x: Float32Array): number {
  let max = -Infinity;
  for (let i = 0; i < x.length; i++) {
    const v = x[i] as number;
    if (!(v < Infinity)) throw badLogit(v, i);
    if (v > max) max = v;
  }
  if (max === -Infinity) throw noCandidates();
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += Math.exp((x[i] as number) - max);
  return max + Math.log(sum);
}
