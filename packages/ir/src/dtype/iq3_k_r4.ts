import { bits } from "./bits.ts";
import { defineBlockFormat } from "./blockFormat.ts";
import { iq3_kScheme } from "./iq3_k.ts";
import { booksR4, both, halvesAt, pairsR4, thirdBitsR4 } from "./r4.ts";

/** iq3_k of four interleaved rows. */
export const iq3_k_r4 = defineBlockFormat({ name: "iq3_k_r4", ggmlTypeId: 338 }, iq3_kScheme, {
  blockBytes: 110,
  rows: 4,
  books: booksR4(8),
  scales: (group, row) => {
    const n = 4 * group + row;
    return [bits(24 + (n % 32), 4 * (n >> 5), 4), bits(16 + (n % 8), n >> 3, 1, 4)];
  },
  codes: both(pairsR4(56), thirdBitsR4(312)),
  scaleAt: halvesAt(0),
});
