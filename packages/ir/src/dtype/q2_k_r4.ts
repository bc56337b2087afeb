import { type BitPlaces, bits } from "./bits.ts";
import { defineBlockFormat } from "./blockFormat.ts";
import { q2_kScheme } from "./q2_k.ts";
import { halvesAt, pairsR4 } from "./r4.ts";

const half =
  (shift: number): BitPlaces =>
  (group, row) => [bits(16 + 4 * group + row, shift, 4)];

/** q2_k of four interleaved rows. */
export const q2_k_r4 = defineBlockFormat({ name: "q2_k_r4", ggmlTypeId: 210 }, q2_kScheme, {
  blockBytes: 84,
  rows: 4,
  scales: half(0),
  mins: half(4),
  codes: pairsR4(80),
  scaleAt: halvesAt(0),
  minAt: halvesAt(8),
});
