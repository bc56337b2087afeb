import { defineFormat, viewOf } from "./format.ts";
import { halfToNumber, numberToHalf } from "./half.ts";

export const f16 = defineFormat({
  name: "f16",
  ggmlTypeId: 1,
  blockSize: 1,
  blockBytes: 2,
  kind: "float",
  writable: true,
  decode(bytes, out) {
    const view = viewOf(bytes);
    for (let i = 0; i < out.length; i++) out[i] = halfToNumber(view.getUint16(2 * i, true));
  },
  encode(values, bytes) {
    const view = viewOf(bytes);
    for (let i = 0; i < values.length; i++) view.setUint16(2 * i, numberToHalf(values[i] as number), true);
  },
});
