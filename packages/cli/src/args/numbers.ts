import { InvalidArgumentError } from "commander";

/** A parser for whole numbers from `least` to `most`; what is allowed is said when a value isn't. */
export const wholeNumber =
  (least: number, most: number = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = /^[+-]?\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `, ${least} or more` : ` from ${least} to ${most}`;
    throw new InvalidArgumentError(`Give a whole number${range}.`);
  };

/** A parser for any finite number; ranges of sampling settings are the sampler's business. */
export function finiteNumber(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isFinite(value)) return value;
  throw new InvalidArgumentError("Give a number, such as 0.7.");
}

/** A parser for several whole numbers, separated by commas. */
export const wholeNumbers =
  (least: number, most: number = Number.MAX_SAFE_INTEGER) =>
  (text: string): readonly number[] =>
    text.split(",").map(wholeNumber(least, most));

/** A parser for pairs such as `4096,64`. */
export function numberPair(text: string): readonly [number, number] {
  const [first, second, ...more] = wholeNumbers(1)(text);
  if (first === undefined || second === undefined || more.length > 0) {
    throw new InvalidArgumentError("Give two whole numbers, such as 4096,64.");
  }
  return [first, second];
}
