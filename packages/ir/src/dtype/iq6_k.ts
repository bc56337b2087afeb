import { bits } from "./bits.ts";
import { defineBlockFormat } from "./blockFormat.ts";
import { signed } from "./blockScheme.ts";
import { codeBooks } from "./codeBooks.ts";
import { bitEach, byteEach, nibbles } from "./plainPlaces.ts";
import { both } from "./r4.ts";

/** Sixteen groups of sixteen codes of six bits, each with a signed scale of eight bits and a choice of two code books. */
export const iq6_k = defineBlockFormat(
  { name: "iq6_k", ggmlTypeId: 141 },
  { blockSize: 256, groupSize: 16, levels: codeBooks.iq6, scaleOf: signed },
  {
    blockBytes: 212,
    books: bitEach(2),
    scales: byteEach(4),
    codes: both(nibbles(20, 32), (i) => [bits(148 + 32 * (i >> 7) + (i & 31), 2 * ((i >> 5) & 3), 2, 4)]),
    scaleAt: () => 0,
  },
);
