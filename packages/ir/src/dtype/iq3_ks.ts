import { bits } from "./bits.ts";
import { defineBlockFormat } from "./blockFormat.ts";
import { codeBooks } from "./codeBooks.ts";
import { bitEach, pairs, planes } from "./plainPlaces.ts";
import { both } from "./r4.ts";

/** One f16 scale a row; groups of 32 codes of three bits, each with a signed scale of five bits and a choice of two code books. */
export const iq3_ks = defineBlockFormat(
  { name: "iq3_ks", ggmlTypeId: 156 },
  { blockSize: 256, groupSize: 32, levels: codeBooks.iq3, scaleOf: (code) => code - 16 },
  {
    blockBytes: 102,
    books: bitEach(1),
    scales: both((group) => [bits(2 + (group & 3), 4 * (group >> 2), 4)], bitEach(0, 4)),
    codes: both(pairs(6), planes(70, 2)),
    scaleAt: { prefix: 2, as: "f16" },
  },
);
