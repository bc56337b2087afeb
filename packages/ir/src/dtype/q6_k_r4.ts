import { type BitPlaces, bits } from "./bits.ts";
import { defineBlockFormat } from "./blockFormat.ts";
import { q6_kScheme } from "./q6_k.ts";
import { both, bytesR4, halvesAt, nibblesR4 } from "./r4.ts";

const highBits: BitPlaces = (i, row) => {
  const j = i & 31;
  const byte = 72 + 32 * (i >> 5) + 16 * (j >> 4) + 4 * row + (j & 3);
  return [bits(byte, 4 * ((j >> 2) & 1) + 2 * ((j >> 3) & 1), 2, 4)];
};

/** q6_k of four interleaved rows. */
export const q6_k_r4 = defineBlockFormat({ name: "q6_k_r4", ggmlTypeId: 214 }, q6_kScheme, {
  blockBytes: 210,
  rows: 4,
  scales: bytesR4(8),
  codes: both(nibblesR4(328), highBits),
  scaleAt: halvesAt(0),
});
