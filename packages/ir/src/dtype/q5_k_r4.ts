import { type BitPlaces, bits } from "./bits.ts";
import { defineBlockFormat } from "./blockFormat.ts";
import { kScalesR4 } from "./kScales.ts";
import { q5_kScheme } from "./q5_k.ts";
import { both, halvesAt, nibblesR4 } from "./r4.ts";

/** Another order of the fifth bits than the one of iq5_k_r4. */
const fifthBits: BitPlaces = (i, row) => {
  const j = i & 31;
  const bit = 4 * (j >> 4) + 2 * ((j >> 2) & 1) + ((j >> 3) & 1);
  return [bits(64 + 16 * (i >> 5) + 4 * row + (j & 3), bit, 1, 4)];
};

/** q5_k of four interleaved rows. */
export const q5_k_r4 = defineBlockFormat({ name: "q5_k_r4", ggmlTypeId: 213 }, q5_kScheme, {
  blockBytes: 176,
  rows: 4,
  scales: kScalesR4(32, 16, 0),
  mins: kScalesR4(32, 16, 1),
  codes: both(nibblesR4(192), fifthBits),
  scaleAt: halvesAt(0),
  minAt: halvesAt(8),
});
