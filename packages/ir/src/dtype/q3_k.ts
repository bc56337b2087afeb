import { bits } from "./bits.ts";
import { defineBlockFormat } from "./blockFormat.ts";
import { type BlockScheme, evenLevels } from "./blockScheme.ts";
import { pairs, planes } from "./plainPlaces.ts";
import { both } from "./r4.ts";

export const q3_kScheme: BlockScheme = {
  blockSize: 256,
  groupSize: 16,
  levels: evenLevels(8, 4),
  scaleOf: (code) => code - 32,
};

/** Sixteen groups of sixteen codes of three bits, each with a signed scale of six bits. */
export const q3_k = defineBlockFormat({ name: "q3_k", ggmlTypeId: 11 }, q3_kScheme, {
  blockBytes: 110,
  codes: both(pairs(32), planes(0, 2)),
  scales: (group) => [
    bits(96 + (group & 7), 4 * (group >> 3), 4),
    bits(104 + (group & 3), 2 * (group >> 2), 2, 4),
  ],
  scaleAt: () => 108,
});
