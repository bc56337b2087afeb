import type { BlockParts, Quantise } from "../blockScheme.ts";
import { halfToNumber, numberToHalf } from "../half.ts";
import { type CodeBook, errorOf } from "./codeBook.ts";
import { groupScale } from "./groupScale.ts";

export interface ScaledGroups {
  readonly blockSize: number;
  readonly groupSize: number;
  /** One, or two between which each group chooses. */
  readonly books: readonly CodeBook[];
  /** The whole numbers that a group's scale may be. */
  readonly lowest: number;
  readonly highest: number;
  /** How such a number stands in the file. */
  readonly codeOf: (scale: number) => number;
}

/** A group's number and book under some factor, and the squared error of that. */
interface Choice {
  readonly number: number;
  readonly book: number;
  readonly error: number;
}

const toHalf = (value: number): number => halfToNumber(numberToHalf(value));

/**
 * Blocks of groups with a scale each, all of them whole multiples of one f16 factor. Each group's best scale is found first; then some factors
 * are tried, with each group taking the nearest multiple and the book with the least squared error; neighbouring multiples compete under the best factor; last, the factor is fitted to the
 * codes by linear least squares.
 */
export function scaledGroups(spec: ScaledGroups): Quantise {
  const { blockSize, groupSize, books, lowest, highest, codeOf } = spec;
  const groups = blockSize / groupSize;

  return (values, at, parts) => {
    const scales = Array.from({ length: groups }, (_, g) =>
      books.map((book) => groupScale(values, at + g * groupSize, groupSize, book)),
    );
    const largest = scales.flat().reduce((most, s) => (Math.abs(s) > Math.abs(most) ? s : most), 0);
    if (largest === 0) return;

    /** The best of the multiples within `reach` of the nearest. */
    const choose = (group: number, factor: number, reach: number): Choice => {
      let best: Choice = { number: 0, book: 0, error: Number.POSITIVE_INFINITY };
      books.forEach((book, b) => {
        const nearest = Math.round((scales[group]?.[b] as number) / factor);
        for (let n = nearest - reach; n <= nearest + reach; n++) {
          const number = Math.min(highest, Math.max(lowest, n));
          const error = errorOf(
            values,
            at + group * groupSize,
            groupSize,
            book,
            Math.fround(factor * number),
          );
          if (error < best.error) best = { number, book: b, error };
        }
      });
      return best;
    };
    const chosenWith = (factor: number, reach: number) => {
      const choices = scales.map((_, group) => choose(group, factor, reach));
      return { factor, choices, error: choices.reduce((sum, { error }) => sum + error, 0) };
    };

    const candidates = [lowest, lowest * 0.97, lowest * 0.94, highest].map((n) => toHalf(largest / n));
    const factors = candidates.filter((factor) => factor !== 0 && Number.isFinite(factor));
    const [first, ...others] = factors;
    if (first === undefined) return;
    let best = chosenWith(first, 0);
    for (const factor of others) {
      const tried = chosenWith(factor, 0);
      if (tried.error < best.error) best = tried;
    }
    best = chosenWith(best.factor, 1);
    const fitted = toHalf(fitFactor(spec, values, at, best.factor, best.choices));
    if (fitted !== 0 && Number.isFinite(fitted)) {
      const tried = chosenWith(fitted, 1);
      if (tried.error < best.error) best = tried;
    }
    write(parts, values, at, best.factor, best.choices);
  };

  function write(
    parts: BlockParts,
    values: Float32Array,
    at: number,
    factor: number,
    choices: readonly Choice[],
  ): void {
    parts.scale = factor;
    choices.forEach(({ number, book: b }, group) => {
      parts.scales[group] = codeOf(number);
      parts.books[group] = b;
      const book = books[b] as CodeBook;
      const scale = Math.fround(factor * number);
      const inverse = scale === 0 ? 0 : 1 / scale;
      for (let i = group * groupSize; i < (group + 1) * groupSize; i++) {
        parts.codes[i] = book.nearest((values[at + i] as number) * inverse);
      }
    });
  }
}

/** The factor with the least squared error for the codes that `choices` give under `factor`. */
function fitFactor(
  { groupSize, books }: ScaledGroups,
  values: Float32Array,
  at: number,
  factor: number,
  choices: readonly Choice[],
): number {
  let cross = 0;
  let norm = 0;
  choices.forEach(({ number, book: b }, group) => {
    const book = books[b] as CodeBook;
    const scale = Math.fround(factor * number);
    const inverse = scale === 0 ? 0 : 1 / scale;
    for (let i = at + group * groupSize; i < at + (group + 1) * groupSize; i++) {
      const x = values[i] as number;
      const y = number * (book.levels[book.nearest(x * inverse)] as number);
      cross += x * y;
      norm += y * y;
    }
  });
  return norm === 0 ? factor : cross / norm;
}
