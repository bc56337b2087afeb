import { defineBlockFormat } from "./blockFormat.ts";
import type { BlockScheme } from "./blockScheme.ts";
import { codeBooks } from "./codeBooks.ts";
import { bitEach, highPairs, nibbleEach, nibbles } from "./plainPlaces.ts";
import { CodeBook } from "./quantise/codeBook.ts";
import { scaledGroups } from "./quantise/scaledGroups.ts";
import { both } from "./r4.ts";

export const iq4_kScheme: BlockScheme = {
  blockSize: 256,
  groupSize: 16,
  levels: codeBooks.iq4,
  scaleOf: (code) => code - 32,
  quantise: scaledGroups({
    blockSize: 256,
    groupSize: 16,
    books: codeBooks.iq4.map((levels) => new CodeBook(levels)),
    lowest: -32,
    highest: 31,
    codeOf: (scale) => scale + 32,
  }),
};

/** Sixteen groups of sixteen codes of four bits, each with a signed scale of six bits and a choice of two code books. */
export const iq4_k = defineBlockFormat({ name: "iq4_k", ggmlTypeId: 139 }, iq4_kScheme, {
  blockBytes: 144,
  books: bitEach(2),
  scales: both(nibbleEach(8), highPairs(4)),
  codes: nibbles(16, 16),
  scaleAt: () => 0,
});
