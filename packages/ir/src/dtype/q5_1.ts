import { defineBlockFormat } from "./blockFormat.ts";
import { evenLevels } from "./blockScheme.ts";
import { bitEach, nibbles } from "./plainPlaces.ts";
import { both } from "./r4.ts";

/** 32 codes of five bits, an f16 scale and an f16 minimum: value = d · code + m. */
export const q5_1 = defineBlockFormat(
  { name: "q5_1", ggmlTypeId: 7 },
  { blockSize: 32, groupSize: 32, levels: evenLevels(32, 0), minOf: () => -1 },
  {
    blockBytes: 24,
    codes: both(nibbles(8, 16), bitEach(4, 4)),
    scaleAt: () => 0,
    minAt: () => 2,
  },
);
