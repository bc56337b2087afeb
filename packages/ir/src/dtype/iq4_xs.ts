import { defineBlockFormat } from "./blockFormat.ts";
import type { BlockScheme } from "./blockScheme.ts";
import { codeBooks } from "./codeBooks.ts";
import { highPairs, nibbleEach, nibbles } from "./plainPlaces.ts";
import { CodeBook } from "./quantise/codeBook.ts";
import { scaledGroups } from "./quantise/scaledGroups.ts";
import { both } from "./r4.ts";

export const iq4_xsScheme: BlockScheme = {
  blockSize: 256,
  groupSize: 32,
  levels: [codeBooks.iq4[0]],
  scaleOf: (code) => code - 32,
  quantise: scaledGroups({
    blockSize: 256,
    groupSize: 32,
    books: [new CodeBook(codeBooks.iq4[0])],
    lowest: -32,
    highest: 31,
    codeOf: (scale) => scale + 32,
  }),
};

/** Eight groups of 32 codes into IQ4_NL's code book, each with a signed scale of six bits. */
export const iq4_xs = defineBlockFormat({ name: "iq4_xs", ggmlTypeId: 23 }, iq4_xsScheme, {
  blockBytes: 136,
  scales: both(nibbleEach(4), highPairs(2)),
  codes: nibbles(8, 16),
  scaleAt: () => 0,
});
