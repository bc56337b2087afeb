import { bits } from "./bits.ts";
import { defineBlockFormat } from "./blockFormat.ts";
import { iq5_ksScheme } from "./iq5_ks.ts";
import { both, bytesR4, fifthBitsR4, nibblesR4 } from "./r4.ts";

/** iq5_ks of four interleaved rows. */
export const iq5_ks_r4 = defineBlockFormat({ name: "iq5_ks_r4", ggmlTypeId: 352 }, iq5_ksScheme, {
  blockBytes: 168,
  rows: 4,
  scales: bytesR4(0),
  books: (group, row) => [bits(4 * group + row, 0, 1)],
  codes: both(nibblesR4(32), fifthBitsR4(544)),
  scaleAt: { prefix: 4, as: "f32" },
});
