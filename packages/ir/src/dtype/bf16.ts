import { defineFormat, viewOf } from "./format.ts";
import { bf16ToNumber, numberToBf16 } from "./half.ts";

export const bf16 = defineFormat({
  name: "bf16",
  ggmlTypeId: 30,
  blockSize: 1,
  blockBytes: 2,
  kind: "float",
  writable: true,
  decode(bytes, out) {
    const view = viewOf(bytes);
    for (let i = 0; i < out.length; i++) out[i] = bf16ToNumber(view.getUint16(2 * i, true));
  },
  encode(values, bytes) {
    const view = viewOf(bytes);
    for (let i = 0; i < values.length; i++) view.setUint16(2 * i, numberToBf16(values[i] as number), true);
  },
});
