import { defineBlockFormat } from "./blockFormat.ts";
import { q3_kScheme } from "./q3_k.ts";
import { both, halvesAt, pairsR4, sixBitScales, thirdBitsR4 } from "./r4.ts";

/** q3_k of four interleaved rows. */
export const q3_k_r4 = defineBlockFormat({ name: "q3_k_r4", ggmlTypeId: 211 }, q3_kScheme, {
  blockBytes: 110,
  rows: 4,
  scales: sixBitScales(24, 8, 4),
  codes: both(pairsR4(184), thirdBitsR4(56)),
  scaleAt: halvesAt(0),
});
