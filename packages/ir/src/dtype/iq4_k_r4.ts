import { defineBlockFormat } from "./blockFormat.ts";
import { iq4_kScheme } from "./iq4_k.ts";
import { booksR4, halvesAt, nibblesR4, sixBitScales } from "./r4.ts";

/** iq4_k of four interleaved rows. */
export const iq4_k_r4 = defineBlockFormat({ name: "iq4_k_r4", ggmlTypeId: 339 }, iq4_kScheme, {
  blockBytes: 144,
  rows: 4,
  books: booksR4(8),
  scales: sixBitScales(32, 16, 4),
  codes: nibblesR4(64),
  scaleAt: halvesAt(0),
});
