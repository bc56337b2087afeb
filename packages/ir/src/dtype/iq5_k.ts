import { defineBlockFormat } from "./blockFormat.ts";
import type { BlockScheme } from "./blockScheme.ts";
import { codeBooks } from "./codeBooks.ts";
import { bitEach, highPairs, nibbleEach, nibbles, planes } from "./plainPlaces.ts";
import { both } from "./r4.ts";

export const iq5_kScheme: BlockScheme = {
  blockSize: 256,
  groupSize: 16,
  levels: codeBooks.iq5,
  scaleOf: (code) => code - 32,
};

/** Sixteen groups of sixteen codes of five bits, each with a signed scale of six bits and a choice of two code books. */
export const iq5_k = defineBlockFormat({ name: "iq5_k", ggmlTypeId: 140 }, iq5_kScheme, {
  blockBytes: 176,
  books: bitEach(2),
  scales: both(nibbleEach(8), highPairs(4)),
  codes: both(nibbles(16, 32), planes(144, 4)),
  scaleAt: () => 0,
});
