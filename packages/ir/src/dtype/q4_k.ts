import { defineBlockFormat } from "./blockFormat.ts";
import { type BlockScheme, evenLevels } from "./blockScheme.ts";
import { kMins, kScales } from "./kScales.ts";
import { nibbles } from "./plainPlaces.ts";
import { affineGroups } from "./quantise/affineGroups.ts";

export const q4_kScheme: BlockScheme = {
  blockSize: 256,
  groupSize: 32,
  levels: evenLevels(16, 0),
  scaleOf: (code) => code,
  minOf: (code) => code,
  quantise: affineGroups(256, 32, 15),
};

/** Eight groups of 32 codes of four bits, each with a scale and a minimum of six bits. */
export const q4_k = defineBlockFormat({ name: "q4_k", ggmlTypeId: 12 }, q4_kScheme, {
  blockBytes: 144,
  scales: kScales(4),
  mins: kMins(4),
  codes: nibbles(16, 32),
  scaleAt: () => 0,
  minAt: () => 2,
});
