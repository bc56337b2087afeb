import { defineBlockFormat } from "./blockFormat.ts";
import { kScalesR4 } from "./kScales.ts";
import { q4_kScheme } from "./q4_k.ts";
import { halvesAt, nibblesR4 } from "./r4.ts";

/** q4_k of four interleaved rows. */
export const q4_k_r4 = defineBlockFormat({ name: "q4_k_r4", ggmlTypeId: 212 }, q4_kScheme, {
  blockBytes: 144,
  rows: 4,
  scales: kScalesR4(32, 16, 0),
  mins: kScalesR4(32, 16, 1),
  codes: nibblesR4(64),
  scaleAt: halvesAt(0),
  minAt: halvesAt(8),
});
