import type { Quantise } from "../blockScheme.ts";
import { halfToNumber, numberToHalf } from "../half.ts";
import { affineCode, affineFit, type Line, lineError } from "./affineFit.ts";

/** Scales and minima are whole numbers of six bits. */
const MOST = 63;

/** The whole numbers of one group. */
interface Multiples {
  readonly scale: number;
  readonly min: number;
}

/** The two f16 factors of a block. */
type Factors = Line;

const toHalf = (value: number): number => halfToNumber(numberToHalf(value));
const rounded = ({ scale, min }: Line): Line => ({ scale: toHalf(scale), min: toHalf(min) });
const lineOf = (factors: Factors, { scale, min }: Multiples): Line => ({
  scale: Math.fround(factors.scale * scale),
  min: Math.fround(factors.min * min),
});

/**
 * Blocks of groups with a scale and a minimum each, multiples of two f16 factors. Each group's best line is found first; its multiples are the
 * best of nine around those of that line; then both factors are fitted to the codes by linear least squares.
 *
 * @param last the largest code
 */
export function affineGroups(blockSize: number, groupSize: number, last: number): Quantise {
  const groups = blockSize / groupSize;

  return (values, at, parts) => {
    const lines = Array.from({ length: groups }, (_, g) =>
      affineFit(values, at + g * groupSize, groupSize, last),
    );
    const choose = (group: number, factors: Factors): Multiples => {
      const { scale, min } = lines[group] as Line;
      let best: Multiples = { scale: 0, min: 0 };
      let least = Number.POSITIVE_INFINITY;
      for (const s of near(scale, factors.scale)) {
        for (const m of near(min, factors.min)) {
          const multiples = { scale: s, min: m };
          const error = lineError(
            values,
            at + group * groupSize,
            groupSize,
            last,
            lineOf(factors, multiples),
          );
          if (error < least) [best, least] = [multiples, error];
        }
      }
      return best;
    };
    const chosenWith = (factors: Factors) => {
      const multiples = lines.map((_, group) => choose(group, factors));
      const error = multiples.reduce(
        (sum, each, g) => sum + lineError(values, at + g * groupSize, groupSize, last, lineOf(factors, each)),
        0,
      );
      return { factors, multiples, error };
    };
    const start = rounded({
      scale: Math.max(...lines.map(({ scale }) => scale)) / MOST,
      min: Math.max(...lines.map(({ min }) => min)) / MOST,
    });
    let best = chosenWith(start);
    for (let round = 0; round < 2; round++) {
      const fitted = rounded(fitFactors(values, at, groupSize, last, best.factors, best.multiples));
      const tried = chosenWith(fitted);
      if (!(tried.error < best.error)) break;
      best = tried;
    }
    parts.scale = best.factors.scale;
    parts.min = best.factors.min;
    best.multiples.forEach((multiples, group) => {
      parts.scales[group] = multiples.scale;
      parts.mins[group] = multiples.min;
      const line = lineOf(best.factors, multiples);
      for (let i = group * groupSize; i < (group + 1) * groupSize; i++) {
        parts.codes[i] = affineCode(values[at + i] as number, line, last);
      }
    });
  };
}

/** The multiples of `factor` around `value`. */
function near(value: number, factor: number): readonly number[] {
  if (factor === 0) return [0];
  const middle = Math.round(value / factor);
  return [middle - 1, middle, middle + 1].filter((n) => n >= 0 && n <= MOST);
}

/** The factors with the least squared error for the codes that the present ones give: x ≈ scale · (s q) − min · m. */
function fitFactors(
  values: Float32Array,
  at: number,
  groupSize: number,
  last: number,
  factors: Factors,
  multiples: readonly Multiples[],
): Factors {
  let [aa, ab, bb, ax, bx] = [0, 0, 0, 0, 0];
  multiples.forEach((each, group) => {
    const line = lineOf(factors, each);
    for (let i = at + group * groupSize; i < at + (group + 1) * groupSize; i++) {
      const x = values[i] as number;
      const a = each.scale * affineCode(x, line, last);
      const b = -each.min;
      aa += a * a;
      ab += a * b;
      bb += b * b;
      ax += a * x;
      bx += b * x;
    }
  });
  const determinant = aa * bb - ab * ab;
  if (!(determinant > 1e-9 * aa * bb)) return factors;
  const scale = (ax * bb - bx * ab) / determinant;
  const min = (bx * aa - ax * ab) / determinant;
  return scale >= 0 && min >= 0 ? { scale, min } : factors;
}
