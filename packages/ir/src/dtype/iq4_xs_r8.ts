import { bits } from "./bits.ts";
import { defineBlockFormat } from "./blockFormat.ts";
import { iq4_xsScheme } from "./iq4_xs.ts";
import { halvesAt, sixBitScales } from "./r4.ts";

/** iq4_xs of eight interleaved rows. */
export const iq4_xs_r8 = defineBlockFormat({ name: "iq4_xs_r8", ggmlTypeId: 223 }, iq4_xsScheme, {
  blockBytes: 136,
  rows: 8,
  scales: sixBitScales(32, 16, 8),
  codes: (i, row) => [
    bits(64 + 128 * (i >> 5) + 32 * ((i >> 3) & 3) + 4 * row + (i & 3), 4 * ((i >> 2) & 1), 4),
  ],
  scaleAt: halvesAt(0),
});
