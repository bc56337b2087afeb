import { bits } from "./bits.ts";
import { defineBlockFormat } from "./blockFormat.ts";
import { signedLevels } from "./blockScheme.ts";
import { halvesAt } from "./r4.ts";

/** 256 signed bytes that share an f16 scale, of eight interleaved rows. */
export const q8_k_r8 = defineBlockFormat(
  { name: "q8_k_r8", ggmlTypeId: 399 },
  { blockSize: 256, groupSize: 256, levels: signedLevels },
  {
    blockBytes: 258,
    rows: 8,
    codes: (i, row) => [bits(16 + 32 * (i >> 2) + 4 * row + (i & 3), 0, 8)],
    scaleAt: halvesAt(0),
  },
);
