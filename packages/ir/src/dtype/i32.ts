import { defineFormat, viewOf } from "./format.ts";

export const i32 = defineFormat({
  name: "i32",
  ggmlTypeId: 26,
  blockSize: 1,
  blockBytes: 4,
  kind: "integer",
  writable: true,
  decode(bytes, out) {
    const view = viewOf(bytes);
    for (let i = 0; i < out.length; i++) out[i] = view.getInt32(4 * i, true);
  },
  encode(values, bytes) {
    const view = viewOf(bytes);
    for (let i = 0; i < values.length; i++) view.setInt32(4 * i, values[i] as number, true);
  },
});
