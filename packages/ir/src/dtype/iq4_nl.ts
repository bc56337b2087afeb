import { defineBlockFormat } from "./blockFormat.ts";
import type { BlockScheme } from "./blockScheme.ts";
import { codeBooks } from "./codeBooks.ts";
import { halfToNumber, numberToHalf } from "./half.ts";
import { nibbles } from "./plainPlaces.ts";
import { CodeBook } from "./quantise/codeBook.ts";

const BLOCK = 32;
const IQ4_NL_LEVELS = codeBooks.iq4[0];

const book = new CodeBook(IQ4_NL_LEVELS);

/** Weighted least squares for one block and one starting scale: returns the refined scale and its error. */
function fit(values: Float32Array, at: number, inverse: number): { scale: number; gain: number } {
  let cross = 0;
  let norm = 0;
  for (let i = 0; i < BLOCK; i++) {
    const x = values[at + i] as number;
    const level = IQ4_NL_LEVELS[book.nearest(x * inverse)] as number;
    cross += x * x * x * level;
    norm += x * x * level * level;
  }
  return norm > 0 ? { scale: cross / norm, gain: (cross * cross) / norm } : { scale: 0, gain: 0 };
}

export const iq4_nlScheme: BlockScheme = {
  blockSize: BLOCK,
  groupSize: BLOCK,
  levels: [IQ4_NL_LEVELS],
  /** Tries a range of starting scales and keeps the best least-squares fit, errors weighted by x². */
  quantise(values, at, parts) {
    let extreme = 0;
    for (let i = 0; i < BLOCK; i++) {
      const x = values[at + i] as number;
      if (Math.abs(x) > Math.abs(extreme)) extreme = x;
    }
    if (extreme === 0) return;
    let gain = -1;
    for (let step = -7; step <= 7; step++) {
      for (const end of [IQ4_NL_LEVELS[0], IQ4_NL_LEVELS[15]] as readonly [number, number]) {
        const candidate = fit(values, at, (step + end) / extreme);
        if (candidate.gain > gain) ({ scale: parts.scale, gain } = candidate);
      }
    }
    const rounded = halfToNumber(numberToHalf(parts.scale));
    const inverse = rounded === 0 ? 0 : 1 / rounded;
    for (let i = 0; i < BLOCK; i++) parts.codes[i] = book.nearest((values[at + i] as number) * inverse);
  },
};

/**
 * 32 four-bit codes into a non-linear code book that share one f16 scale. Byte `i` of a block holds code `i` in its low and code
 * `i + 16` in its high half.
 */
export const iq4_nl = defineBlockFormat({ name: "iq4_nl", ggmlTypeId: 20 }, iq4_nlScheme, {
  blockBytes: 18,
  codes: nibbles(2, 16),
  scaleAt: () => 0,
});
