import { defineBlockFormat } from "./blockFormat.ts";
import { signedLevels } from "./blockScheme.ts";
import { byteEach } from "./plainPlaces.ts";

/** One f32 scale a row, four bytes that ggml keeps a sum in, and signed bytes: value = d · code. */
export const q8_kv = defineBlockFormat(
  { name: "q8_kv", ggmlTypeId: 151 },
  { blockSize: 32, groupSize: 32, levels: signedLevels },
  { blockBytes: 32, codes: byteEach(0), scaleAt: { prefix: 8, as: "f32" } },
);
