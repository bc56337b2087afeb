import { bits } from "./bits.ts";
import { defineBlockFormat } from "./blockFormat.ts";
import { evenLevels } from "./blockScheme.ts";
import { nibbles } from "./plainPlaces.ts";
import { both } from "./r4.ts";

/** 32 codes of six bits that share an f16 scale: value = d · (code − 32). */
export const q6_0 = defineBlockFormat(
  { name: "q6_0", ggmlTypeId: 133 },
  { blockSize: 32, groupSize: 32, levels: evenLevels(64, 32) },
  {
    blockBytes: 26,
    codes: both(nibbles(10, 16), (i) => [bits(2 + (i & 7), 4 * ((i >> 3) & 1) + 2 * (i >> 4), 2, 4)]),
    scaleAt: () => 0,
  },
);
