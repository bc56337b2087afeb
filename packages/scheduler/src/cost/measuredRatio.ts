import type { CostSample } from "@tensorplan/backend-api";
import type { StepWork } from "./nodeWork.ts";

/** Samples that a prediction rests on. */
const NEIGHBOURS = 4;

/** A step's traffic says only whether caches were warm: it counts less than the work itself. */
const STEP_WEIGHT = 0.25;

/**
 * About log2(1 + x), exact at powers of two and linear between them: a scale on which halves and doubles lie equally far. Made of exact
 * operations, because `Math.log2` may differ between machines.
 */
function octaves(x: number): number {
  let rest = 1 + x;
  let whole = 0;
  while (rest >= 2) {
    rest /= 2;
    whole++;
  }
  return whole + rest - 1;
}

const squaredDistance = (a: StepWork, b: StepWork): number => {
  let sum = 0;
  for (const key of ["flops", "bytes", "rows", "elements"] as const)
    sum += (octaves(a[key]) - octaves(b[key])) ** 2;
  return sum + STEP_WEIGHT * (octaves(a.stepBytes) - octaves(b.stepBytes)) ** 2;
};

/**
 * Ratio of measured to modelled time for some work: a mean over the nearest samples, weighted by the inverse square of their distance in
 * octaves of operations, bytes, shape and the step's bytes (Shepard 1968).
 */
export function measuredRatio(
  samples: readonly CostSample[],
  model: (sample: CostSample) => number,
  work: StepWork,
): number {
  const near = samples
    .map((sample) => ({ sample, distance: squaredDistance(sample, work) }))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, NEIGHBOURS);
  let weights = 0;
  let sum = 0;
  for (const { sample, distance } of near) {
    // A thousandth keeps a sample of the very same work from dividing by nothing; it then outweighs the others all the same.
    const weight = 1 / (distance + 1e-3);
    weights += weight;
    sum += (weight * sample.ns) / Math.max(1, model(sample));
  }
  return weights > 0 ? sum / weights : 1;
}
