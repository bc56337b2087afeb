import { bits } from "./bits.ts";
import { defineBlockFormat } from "./blockFormat.ts";
import { iq2_kScheme } from "./iq2_k.ts";
import { booksR4, halvesAt, pairsR4 } from "./r4.ts";

/** iq2_k of four interleaved rows. */
export const iq2_k_r4 = defineBlockFormat({ name: "iq2_k_r4", ggmlTypeId: 337 }, iq2_kScheme, {
  blockBytes: 76,
  rows: 4,
  books: booksR4(8),
  scales: (group, row) => [bits(16 + ((4 * group + row) % 32), 4 * (group >> 3), 4)],
  codes: pairsR4(48),
  scaleAt: halvesAt(0),
});
