import { bits } from "./bits.ts";
import { defineBlockFormat } from "./blockFormat.ts";
import { q8_0Scheme } from "./q8_0.ts";
import { halvesAt } from "./r4.ts";

/** q8_0 of eight interleaved rows. */
export const q8_0_r8 = defineBlockFormat({ name: "q8_0_r8", ggmlTypeId: 208 }, q8_0Scheme, {
  blockBytes: 34,
  rows: 8,
  codes: (i, row) => [bits(16 + 128 * (i >> 4) + 32 * ((i >> 2) & 3) + 4 * row + (i & 3), 0, 8)],
  scaleAt: halvesAt(0),
});
