import { type BitPlaces, bits } from "./bits.ts";
import { defineBlockFormat } from "./blockFormat.ts";
import { evenLevels } from "./blockScheme.ts";
import { both, halvesAt, nibblesR4 } from "./r4.ts";

const highBits: BitPlaces = (i, row) => {
  const byte = 8 + 16 * (i >> 4) + 4 * row + (i & 3);
  return [bits(byte, 2 * ((i >> 2) & 1) + 4 * ((i >> 3) & 1), 2, 4)];
};

/** q6_0 of four interleaved rows. The format's own reader takes 32 · d away at the end, so that a code of 32 is +0 whatever d's sign. */
export const q6_0_r4 = defineBlockFormat(
  { name: "q6_0_r4", ggmlTypeId: 233 },
  { blockSize: 32, groupSize: 32, levels: evenLevels(64, 0), minOf: () => 32 },
  { blockBytes: 26, rows: 4, codes: both(nibblesR4(40), highBits), scaleAt: halvesAt(0), minAt: halvesAt(0) },
);
