import { defineBlockFormat } from "./blockFormat.ts";
import { codeBooks } from "./codeBooks.ts";
import { bitEach, nibbleEach, pairs } from "./plainPlaces.ts";
import { both } from "./r4.ts";

/** One f16 scale a row; groups of 32 codes of two bits, each with a signed scale of five bits and a choice of two code books. */
export const iq2_ks = defineBlockFormat(
  { name: "iq2_ks", ggmlTypeId: 145 },
  { blockSize: 256, groupSize: 32, levels: codeBooks.iq2, scaleOf: (code) => code - 16 },
  {
    blockBytes: 70,
    books: bitEach(0),
    scales: both(nibbleEach(2), bitEach(1, 4)),
    codes: pairs(6),
    scaleAt: { prefix: 2, as: "f16" },
  },
);
