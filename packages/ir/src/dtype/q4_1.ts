import { defineBlockFormat } from "./blockFormat.ts";
import { evenLevels } from "./blockScheme.ts";
import { nibbles } from "./plainPlaces.ts";

/** 32 codes of four bits, an f16 scale and an f16 minimum: value = d · code + m. */
export const q4_1 = defineBlockFormat(
  { name: "q4_1", ggmlTypeId: 3 },
  { blockSize: 32, groupSize: 32, levels: evenLevels(16, 0), minOf: () => -1 },
  { blockBytes: 20, codes: nibbles(4, 16), scaleAt: () => 0, minAt: () => 2 },
);
