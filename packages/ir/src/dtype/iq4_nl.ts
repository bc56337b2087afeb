import { defineFormat, viewOf } from "./format.ts";
import { halfToNumber, numberToHalf } from "./half.ts";

const BLOCK = 32;
const BYTES = 18;

/** The sixteen levels of the IQ4_NL code book, fixed by the file format. */
const IQ4_NL_LEVELS: readonly number[] = [
  -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
];

const nearestLevel = (x: number): number => {
  let best = 0;
  for (let i = 1; i < 16; i++) {
    if (Math.abs(x - (IQ4_NL_LEVELS[i] as number)) < Math.abs(x - (IQ4_NL_LEVELS[best] as number))) best = i;
  }
  return best;
};

/** Weighted least squares for one block and one starting scale: returns the refined scale and its error. */
function fit(values: Float32Array, at: number, inverse: number): { scale: number; gain: number } {
  let cross = 0;
  let norm = 0;
  for (let i = 0; i < BLOCK; i++) {
    const x = values[at + i] as number;
    const level = IQ4_NL_LEVELS[nearestLevel(x * inverse)] as number;
    cross += x * x * x * level;
    norm += x * x * level * level;
  }
  return norm > 0 ? { scale: cross / norm, gain: (cross * cross) / norm } : { scale: 0, gain: 0 };
}

/**
 * 32 four-bit codes into a non-linear code book that share one f16 scale. Byte `i` of a block holds code `i` in its low and code
 * `i + 16` in its high half. The encoder tries a range of starting scales and keeps the best least-squares fit, errors weighted by x².
 */
export const iq4_nl = defineFormat({
  name: "iq4_nl",
  ggmlTypeId: 20,
  blockSize: BLOCK,
  blockBytes: BYTES,
  kind: "block",
  decode(bytes, out) {
    const view = viewOf(bytes);
    for (let block = 0; block < out.length / BLOCK; block++) {
      const scale = halfToNumber(view.getUint16(block * BYTES, true));
      for (let i = 0; i < BLOCK / 2; i++) {
        const codes = bytes[block * BYTES + 2 + i] as number;
        out[block * BLOCK + i] = scale * (IQ4_NL_LEVELS[codes & 15] as number);
        out[block * BLOCK + i + BLOCK / 2] = scale * (IQ4_NL_LEVELS[codes >> 4] as number);
      }
    }
  },
  encode(values, bytes) {
    const view = viewOf(bytes);
    for (let block = 0; block < values.length / BLOCK; block++) {
      const at = block * BLOCK;
      let extreme = 0;
      for (let i = 0; i < BLOCK; i++) {
        const x = values[at + i] as number;
        if (Math.abs(x) > Math.abs(extreme)) extreme = x;
      }
      let scale = 0;
      if (extreme !== 0) {
        let gain = -1;
        for (let step = -7; step <= 7; step++) {
          const candidate = fit(values, at, (step + (IQ4_NL_LEVELS[0] as number)) / extreme);
          if (candidate.gain > gain) ({ scale, gain } = candidate);
          const mirrored = fit(values, at, ((IQ4_NL_LEVELS[15] as number) + step) / extreme);
          if (mirrored.gain > gain) ({ scale, gain } = mirrored);
        }
      }
      const half = numberToHalf(scale);
      const rounded = halfToNumber(half);
      const inverse = rounded === 0 ? 0 : 1 / rounded;
      view.setUint16(block * BYTES, half, true);
      for (let i = 0; i < BLOCK / 2; i++) {
        const low = nearestLevel((values[at + i] as number) * inverse);
        const high = nearestLevel((values[at + i + BLOCK / 2] as number) * inverse);
        bytes[block * BYTES + 2 + i] = low | (high << 4);
      }
    }
  },
});
