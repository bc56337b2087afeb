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
    const line = fitted(values, at, count, last, start);
    const error = lineError(values, at, count, last, line);
    if (error < least) [best, least] = [line, error];
  };
  for (let step = -STEPS; step <= STEPS; step++) {
    attempt({ scale: (high - low) / (last + step / STEPS), min: -low });
  }
  attempt(best);
  attempt(best);
  return best;
}

const codeOf = (x: number, { scale, min }: Line, last: number): number =>
  scale === 0 ? 0 : Math.min(last, Math.max(0, Math.round((x + min) / scale)));

/** Sum of squared differences from what is stored with this line. */
export function lineError(values: Float32Array, at: number, count: number, last: number, line: Line): number {
  let error = 0;
  for (let i = at; i < at + count; i++) {
    const x = values[i] as number;
    const off = x + line.min - line.scale * codeOf(x, line, last);
    error += off * off;
  }
  return error;
}

/** The best line for the codes that `start` gives. */
function fitted(values: Float32Array, at: number, count: number, last: number, start: Line): Line {
  let [sumX, sumQ, sumXQ, sumQQ] = [0, 0, 0, 0];
  for (let i = at; i < at + count; i++) {
    const x = values[i] as number;
    const q = codeOf(x, start, last);
    sumX += x;
    sumQ += q;
    sumXQ += x * q;
    sumQQ += q * q;
  }
  const spread = count * sumQQ - sumQ * sumQ;
  if (spread > 0) {
    const scale = (count * sumXQ - sumX * sumQ) / spread;
    const min = (scale * sumQ - sumX) / count;
    if (scale >= 0 && min >= 0) return { scale, min };
  }
  // A minimum above zero can't be stored: then the line goes through zero.
  return sumQQ > 0 && sumXQ > 0 ? { scale: sumXQ / sumQQ, min: 0 } : start;
}

export const affineCode = codeOf;
