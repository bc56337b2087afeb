import { defineBlockFormat } from "./blockFormat.ts";
import { iq5_kScheme } from "./iq5_k.ts";
import { booksR4, both, fifthBitsR4, halvesAt, nibblesR4, sixBitScales } from "./r4.ts";

/** iq5_k of four interleaved rows. */
export const iq5_k_r4 = defineBlockFormat({ name: "iq5_k_r4", ggmlTypeId: 340 }, iq5_kScheme, {
  blockBytes: 176,
  rows: 4,
  books: booksR4(8),
  scales: sixBitScales(32, 16, 4),
  codes: both(nibblesR4(64), fifthBitsR4(576)),
  scaleAt: halvesAt(0),
});
