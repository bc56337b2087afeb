import { bits } from "./bits.ts";
import { defineBlockFormat } from "./blockFormat.ts";
import type { BlockScheme } from "./blockScheme.ts";
import { codeBooks } from "./codeBooks.ts";
import { byteEach, nibbles, planes } from "./plainPlaces.ts";
import { both } from "./r4.ts";

export const iq5_ksScheme: BlockScheme = {
  blockSize: 256,
  groupSize: 32,
  levels: codeBooks.iq5,
  scaleOf: (code) => (code & 254) - 127,
};

/** One f32 scale a row; groups of 32 codes of five bits with a byte each: an odd scale, and in its lowest bit the code book. */
export const iq5_ks = defineBlockFormat({ name: "iq5_ks", ggmlTypeId: 152 }, iq5_ksScheme, {
  blockBytes: 168,
  scales: byteEach(0),
  books: (group) => [bits(group, 0, 1)],
  codes: both(nibbles(8, 32), planes(136, 4)),
  scaleAt: { prefix: 4, as: "f32" },
});
