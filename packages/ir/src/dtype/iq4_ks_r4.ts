import { bits } from "./bits.ts";
import { defineBlockFormat } from "./blockFormat.ts";
import { iq4_ksScheme } from "./iq4_ks.ts";
import { bytesR4, nibblesR4 } from "./r4.ts";

/** iq4_ks of four interleaved rows. */
export const iq4_ks_r4 = defineBlockFormat({ name: "iq4_ks_r4", ggmlTypeId: 344 }, iq4_ksScheme, {
  blockBytes: 136,
  rows: 4,
  scales: bytesR4(0),
  books: (group, row) => [bits(4 * group + row, 0, 1)],
  codes: nibblesR4(32),
  scaleAt: { prefix: 4, as: "f32" },
});
