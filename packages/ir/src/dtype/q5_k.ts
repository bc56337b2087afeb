import { defineBlockFormat } from "./blockFormat.ts";
import { type BlockScheme, evenLevels } from "./blockScheme.ts";
import { kMins, kScales } from "./kScales.ts";
import { nibbles, planes } from "./plainPlaces.ts";
import { affineGroups } from "./quantise/affineGroups.ts";
import { both } from "./r4.ts";

export const q5_kScheme: BlockScheme = {
  blockSize: 256,
  groupSize: 32,
  levels: evenLevels(32, 0),
  scaleOf: (code) => code,
  minOf: (code) => code,
  quantise: affineGroups(256, 32, 31),
};

/** Eight groups of 32 codes of five bits, each with a scale and a minimum of six bits. */
export const q5_k = defineBlockFormat({ name: "q5_k", ggmlTypeId: 13 }, q5_kScheme, {
  blockBytes: 176,
  scales: kScales(4),
  mins: kMins(4),
  codes: both(nibbles(48, 32), planes(16, 4)),
  scaleAt: () => 0,
  minAt: () => 2,
});
