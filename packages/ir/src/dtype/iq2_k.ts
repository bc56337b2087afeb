import { defineBlockFormat } from "./blockFormat.ts";
import type { BlockScheme } from "./blockScheme.ts";
import { codeBooks } from "./codeBooks.ts";
import { bitEach, nibbleEach, pairs } from "./plainPlaces.ts";

export const iq2_kScheme: BlockScheme = {
  blockSize: 256,
  groupSize: 16,
  levels: codeBooks.iq2,
  scaleOf: (code) => code - 8,
};

/** Sixteen groups of sixteen codes of two bits, each with a signed scale of four bits and a choice of two code books. */
export const iq2_k = defineBlockFormat({ name: "iq2_k", ggmlTypeId: 137 }, iq2_kScheme, {
  blockBytes: 76,
  books: bitEach(2),
  scales: nibbleEach(4),
  codes: pairs(12),
  scaleAt: () => 0,
});
