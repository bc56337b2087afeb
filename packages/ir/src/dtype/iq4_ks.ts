import { bits } from "./bits.ts";
import { defineBlockFormat } from "./blockFormat.ts";
import type { BlockScheme } from "./blockScheme.ts";
import { codeBooks } from "./codeBooks.ts";
import { byteEach, nibbles } from "./plainPlaces.ts";

export const iq4_ksScheme: BlockScheme = {
  blockSize: 256,
  groupSize: 32,
  levels: codeBooks.iq4,
  scaleOf: (code) => (code & 254) - 127,
};

/** One f32 scale a row; groups of 32 codes of four bits with a byte each: an odd scale, and in its lowest bit the code book. */
export const iq4_ks = defineBlockFormat({ name: "iq4_ks", ggmlTypeId: 144 }, iq4_ksScheme, {
  blockBytes: 136,
  scales: byteEach(0),
  books: (group) => [bits(group, 0, 1)],
  codes: nibbles(8, 16),
  scaleAt: { prefix: 4, as: "f32" },
});
