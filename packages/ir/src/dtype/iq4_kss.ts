import { defineFormat } from "./format.ts";
import { iq4_ks } from "./iq4_ks.ts";
import { noEncoder } from "./noEncoder.ts";

const BYTES = 128;
const GROUP_BYTES = 16;

/**
 * Eight groups of 16-bit words of four codes, in which the lowest bit was given away: the eight words of a group hold its scale byte there. The codes were
 * changed so that this loses little: each word is a Gray code of the real one.
 */
function toIq4ks(block: Uint8Array, into: Uint8Array): void {
  for (let group = 0; group < 8; group++) {
    let scale = 0;
    for (let word = 0; word < 8; word++) {
      const at = group * GROUP_BYTES + 2 * word;
      const bits = (block[at] as number) | ((block[at + 1] as number) << 8);
      scale |= (bits & 1) << word;
      const upper = bits & 0xfffe;
      const codes = upper ^ (upper >> 1);
      into[8 + at] = codes & 255;
      into[9 + at] = codes >> 8;
    }
    into[group] = scale;
  }
}

/** IQ4_KS with its scale bytes spread over the lowest bits of the codes: exactly four bits a value and one f32 scale a row. */
export const iq4_kss = defineFormat({
  name: "iq4_kss",
  ggmlTypeId: 146,
  blockSize: 256,
  blockBytes: BYTES,
  rowPrefix: 4,
  kind: "block",
  writable: false,
  decode(bytes, out, columns) {
    const blocks = columns / 256;
    const row = new Uint8Array(4 + blocks * iq4_ks.blockBytes);
    const rowBytes = 4 + blocks * BYTES;
    for (let r = 0; r < out.length / columns; r++) {
      const stored = bytes.subarray(r * rowBytes, (r + 1) * rowBytes);
      row.set(stored.subarray(0, 4));
      for (let block = 0; block < blocks; block++) {
        toIq4ks(stored.subarray(4 + block * BYTES), row.subarray(4 + block * iq4_ks.blockBytes));
      }
      iq4_ks.decode(row, out.subarray(r * columns, (r + 1) * columns), columns);
    }
  },
  encode() {
    throw noEncoder("iq4_kss");
  },
});
