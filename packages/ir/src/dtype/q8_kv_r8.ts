import { bits } from "./bits.ts";
import { defineBlockFormat } from "./blockFormat.ts";
import { signedLevels } from "./blockScheme.ts";

/** One f32 scale for each of eight interleaved rows, then signed bytes, four values of a row side by side. */
export const q8_kv_r8 = defineBlockFormat(
  { name: "q8_kv_r8", ggmlTypeId: 398 },
  { blockSize: 32, groupSize: 32, levels: signedLevels },
  {
    blockBytes: 32,
    rows: 8,
    codes: (i, row) => [bits(32 * (i >> 2) + 4 * row + (i & 3), 0, 8)],
    scaleAt: { prefix: 4, as: "f32" },
  },
);
