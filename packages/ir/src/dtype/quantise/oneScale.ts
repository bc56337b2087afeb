import type { Quantise } from "../blockScheme.ts";
import { halfToNumber, numberToHalf } from "../half.ts";
import type { CodeBook } from "./codeBook.ts";
import { groupScale } from "./groupScale.ts";

/** Blocks with a single f16 scale. */
export const oneScale =
  (blockSize: number, book: CodeBook): Quantise =>
  (values, at, parts) => {
    parts.scale = halfToNumber(numberToHalf(groupScale(values, at, blockSize, book)));
    const inverse = parts.scale === 0 ? 0 : 1 / parts.scale;
    for (let i = 0; i < blockSize; i++) parts.codes[i] = book.nearest((values[at + i] as number) * inverse);
  };
