import { bits } from "./bits.ts";
import { defineBlockFormat } from "./blockFormat.ts";
import { q4_0Scheme } from "./q4_0.ts";
import { halvesAt } from "./r4.ts";

/** q4_0 of eight interleaved rows. */
export const q4_0_r8 = defineBlockFormat({ name: "q4_0_r8", ggmlTypeId: 202 }, q4_0Scheme, {
  blockBytes: 18,
  rows: 8,
  codes: (i, row) => [bits(16 + 32 * ((i >> 2) & 3) + 4 * row + (i & 3), 4 * (i >> 4), 4)],
  scaleAt: halvesAt(0),
});
