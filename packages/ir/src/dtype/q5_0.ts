import { defineBlockFormat } from "./blockFormat.ts";
import { evenLevels } from "./blockScheme.ts";
import { bitEach, nibbles } from "./plainPlaces.ts";
import { both } from "./r4.ts";

/** 32 codes of five bits that share an f16 scale: value = d · (code − 16). */
export const q5_0 = defineBlockFormat(
  { name: "q5_0", ggmlTypeId: 6 },
  { blockSize: 32, groupSize: 32, levels: evenLevels(32, 16) },
  { blockBytes: 22, codes: both(nibbles(6, 16), bitEach(2, 4)), scaleAt: () => 0 },
);
