import { defineBlockFormat } from "./blockFormat.ts";
import { type BlockScheme, signedLevels } from "./blockScheme.ts";
import { byteEach } from "./plainPlaces.ts";

export const q8_0Scheme: BlockScheme = {
  blockSize: 32,
  groupSize: 32,
  levels: signedLevels,
  /** In the f32 steps of the format's own writer: the same bytes. */
  quantise(values, at, parts) {
    let largest = 0;
    for (let i = 0; i < 32; i++) largest = Math.max(largest, Math.abs(values[at + i] as number));
    parts.scale = Math.fround(largest / 127);
    const inverse = parts.scale === 0 ? 0 : Math.fround(1 / parts.scale);
    for (let i = 0; i < 32; i++) {
      const scaled = Math.fround((values[at + i] as number) * inverse);
      parts.codes[i] = Math.sign(scaled) * Math.round(Math.abs(scaled));
    }
  },
};

/** 32 signed bytes that share one f16 scale: value = d · code. */
export const q8_0 = defineBlockFormat({ name: "q8_0", ggmlTypeId: 8 }, q8_0Scheme, {
  blockBytes: 34,
  codes: byteEach(2),
  scaleAt: () => 0,
});
