import { defineFormat, viewOf } from "./format.ts";

export const f32 = defineFormat({
  name: "f32",
  ggmlTypeId: 0,
  blockSize: 1,
  blockBytes: 4,
  kind: "float",
  writable: true,
  decode(bytes, out) {
    const view = viewOf(bytes);
    for (let i = 0; i < out.length; i++) out[i] = view.getFloat32(4 * i, true);
  },
  encode(values, bytes) {
    const view = viewOf(bytes);
    for (let i = 0; i < values.length; i++) view.setFloat32(4 * i, values[i] as number, true);
  },
});
