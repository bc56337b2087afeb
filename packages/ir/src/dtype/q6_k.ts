import { type BitPlaces, bits } from "./bits.ts";
import { defineBlockFormat } from "./blockFormat.ts";
import { type BlockScheme, evenLevels, signed } from "./blockScheme.ts";
import { byteEach } from "./plainPlaces.ts";
import { CodeBook } from "./quantise/codeBook.ts";
import { scaledGroups } from "./quantise/scaledGroups.ts";

const levels = evenLevels(64, 32);

export const q6_kScheme: BlockScheme = {
  blockSize: 256,
  groupSize: 16,
  levels,
  scaleOf: signed,
  quantise: scaledGroups({
    blockSize: 256,
    groupSize: 16,
    books: [new CodeBook(levels[0])],
    lowest: -128,
    highest: 127,
    codeOf: (scale) => scale & 255,
  }),
};

/** 128 values take 64 bytes of low halves and 32 of high bits; they come in four runs of 32. */
const codes: BitPlaces = (i) => {
  const [half, run, place] = [i >> 7, (i >> 5) & 3, i & 31];
  return [
    bits(64 * half + 32 * (run & 1) + place, 4 * (run >> 1), 4),
    bits(128 + 32 * half + place, 2 * run, 2, 4),
  ];
};

/** Sixteen groups of sixteen codes of six bits, each with a signed scale of eight bits. */
export const q6_k = defineBlockFormat({ name: "q6_k", ggmlTypeId: 14 }, q6_kScheme, {
  blockBytes: 210,
  codes,
  scales: byteEach(192),
  scaleAt: () => 208,
});
