import { defineBlockFormat } from "./blockFormat.ts";
import { type BlockScheme, evenLevels } from "./blockScheme.ts";
import { nibbles } from "./plainPlaces.ts";
import { CodeBook } from "./quantise/codeBook.ts";
import { oneScale } from "./quantise/oneScale.ts";

const levels = evenLevels(16, 8);

export const q4_0Scheme: BlockScheme = {
  blockSize: 32,
  groupSize: 32,
  levels,
  quantise: oneScale(32, new CodeBook(levels[0])),
};

/** 32 codes of four bits that share an f16 scale: value = d · (code − 8). */
export const q4_0 = defineBlockFormat({ name: "q4_0", ggmlTypeId: 2 }, q4_0Scheme, {
  blockBytes: 18,
  codes: nibbles(2, 16),
  scaleAt: () => 0,
});
