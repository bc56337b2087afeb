import { defineFormat, viewOf } from "./format.ts";
import { halfToNumber, numberToHalf } from "./half.ts";

const BLOCK = 32;
const BYTES = 34;

/** 32 signed bytes that share one f16 scale: value = d · code. */
export const q8_0 = defineFormat({
  name: "q8_0",
  ggmlTypeId: 8,
  blockSize: BLOCK,
  blockBytes: BYTES,
  kind: "block",
  decode(bytes, out) {
    const view = viewOf(bytes);
    for (let block = 0; block < out.length / BLOCK; block++) {
      const scale = halfToNumber(view.getUint16(block * BYTES, true));
      for (let i = 0; i < BLOCK; i++) out[block * BLOCK + i] = scale * view.getInt8(block * BYTES + 2 + i);
    }
  },
  encode(values, bytes) {
    const view = viewOf(bytes);
    for (let block = 0; block < values.length / BLOCK; block++) {
      let largest = 0;
      for (let i = 0; i < BLOCK; i++)
        largest = Math.max(largest, Math.abs(values[block * BLOCK + i] as number));
      const scale = Math.fround(largest / 127);
      const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
      view.setUint16(block * BYTES, numberToHalf(scale), true);
      for (let i = 0; i < BLOCK; i++) {
        const scaled = Math.fround((values[block * BLOCK + i] as number) * inverse);
        view.setInt8(block * BYTES + 2 + i, Math.sign(scaled) * Math.round(Math.abs(scaled)));
      }
    }
  },
});
