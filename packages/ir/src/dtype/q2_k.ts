import { type BitPlaces, bits } from "./bits.ts";
import { defineBlockFormat } from "./blockFormat.ts";
import { type BlockScheme, evenLevels } from "./blockScheme.ts";
import { pairs } from "./plainPlaces.ts";

export const q2_kScheme: BlockScheme = {
  blockSize: 256,
  groupSize: 16,
  levels: evenLevels(4, 0),
  scaleOf: (code) => code,
  minOf: (code) => code,
};

const half =
  (shift: number): BitPlaces =>
  (group) => [bits(group, shift, 4)];

/** Sixteen groups of sixteen codes of two bits, each with a scale and a minimum of four bits. */
export const q2_k = defineBlockFormat({ name: "q2_k", ggmlTypeId: 10 }, q2_kScheme, {
  blockBytes: 84,
  scales: half(0),
  mins: half(4),
  codes: pairs(16),
  scaleAt: () => 80,
  minAt: () => 82,
});
