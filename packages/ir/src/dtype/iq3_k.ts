import { defineBlockFormat } from "./blockFormat.ts";
import type { BlockScheme } from "./blockScheme.ts";
import { codeBooks } from "./codeBooks.ts";
import { bitEach, nibbleEach, pairs, planes } from "./plainPlaces.ts";
import { both } from "./r4.ts";

export const iq3_kScheme: BlockScheme = {
  blockSize: 256,
  groupSize: 16,
  levels: codeBooks.iq3,
  scaleOf: (code) => (2 * (code & 15) + 1) * (code > 15 ? -1 : 1),
};

/** Sixteen groups of sixteen codes of three bits; a scale is odd, of four bits and a sign; each group chooses one of two code books. */
export const iq3_k = defineBlockFormat({ name: "iq3_k", ggmlTypeId: 138 }, iq3_kScheme, {
  blockBytes: 110,
  books: bitEach(2),
  scales: both(nibbleEach(6), bitEach(4, 4)),
  codes: both(pairs(14), planes(78, 2)),
  scaleAt: () => 0,
});
