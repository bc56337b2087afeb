/** A straight line through codes: value = scale · code − min, neither of them negative. */
export interface Line {
  readonly scale: number;
  readonly min: number;
}

/** Starting points around the scale that spans the group's range exactly. */
const STEPS = 10;

/**
 * The line with which a group is stored with the least squared error in codes from 0 to `last`, as good as a search finds it: from some
 * starting points, codes are chosen, and for these codes the best line has a closed form (linear least squares in two unknowns).
 */
export function affineFit(values: Float32Array, at: number, count: number, last: number): Line {
  let low = 0;
  let high = values[at] as number;
  for (let i = at; i < at + count; i++) {
    low = Math.min(low, values[i] as number);
    high = Math.max(high, values[i] as number);
  }
  if (high - low < 1e-37) return { scale: 0, min: -low };
  let best: Line = { scale: (high - low) / last, min: -low };
  let least = lineError(values, at, count, last, best);
  const attempt = (start: Line): void => {
    const { error, ...line } = fitted(values, at, count, last, start);
    if (error < least) [best, least] = [line, error];
  };
  for (let step = -STEPS; step <= STEPS; step++) {
    attempt({ scale: (high - low) / (last + step / STEPS), min: -low });
  }
  attempt(best);
  attempt(best);
  return best;
}

/** The code nearest to a value that was divided by the scale, its minimum added. */
const nearestCode = (x: number, last: number): number => (x <= 0 ? 0 : x >= last ? last : (x + 0.5) | 0);

/** One over the scale, and zero for none: then all codes are 0. */
const inverseOf = ({ scale }: Line): number => (scale === 0 ? 0 : 1 / scale);

/** Sum of squared differences from what is stored with this line. */
export function lineError(values: Float32Array, at: number, count: number, last: number, line: Line): number {
  const { scale, min } = line;
  const inverse = inverseOf(line);
  let error = 0;
  for (let i = at; i < at + count; i++) {
    const above = (values[i] as number) + min;
    const off = above - scale * nearestCode(above * inverse, last);
    error += off * off;
  }
  return error;
}

/** The best line for the codes that `start` gives, and the squared error for these codes. */
function fitted(
  values: Float32Array,
  at: number,
  count: number,
  last: number,
  start: Line,
): Line & { readonly error: number } {
  const { min: startMin } = start;
  const inverse = inverseOf(start);
  let sumX = 0;
  let sumXX = 0;
  let sumQ = 0;
  let sumXQ = 0;
  let sumQQ = 0;
  for (let i = at; i < at + count; i++) {
    const x = values[i] as number;
    const q = nearestCode((x + startMin) * inverse, last);
    sumX += x;
    sumXX += x * x;
    sumQ += q;
    sumXQ += x * q;
    sumQQ += q * q;
  }
  const spread = count * sumQQ - sumQ * sumQ;
  if (spread > 0) {
    const scale = (count * sumXQ - sumX * sumQ) / spread;
    const min = (scale * sumQ - sumX) / count;
    const error = sumXX - (sumX * sumX) / count - scale * (sumXQ - (sumX * sumQ) / count);
    if (scale >= 0 && min >= 0) return { scale, min, error };
  }
  // A minimum above zero can't be stored: then the line goes through zero.
  if (sumQQ > 0 && sumXQ > 0) return { scale: sumXQ / sumQQ, min: 0, error: sumXX - (sumXQ * sumXQ) / sumQQ };
  return { ...start, error: Number.POSITIVE_INFINITY };
}

/** The code that a value gets with this line. */
export const affineCode = (x: number, line: Line, last: number): number =>
  nearestCode((x + line.min) * inverseOf(line), last);
