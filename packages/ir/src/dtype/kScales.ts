import { type BitPlaces, bits } from "./bits.ts";

/**
 * The twelve bytes at `start` in which q4_k and q5_k keep eight scales and eight minima of six bits: the first four of each stand whole in
 * eight bytes, whose two top bits are the top bits of the last four; the low bits of those fill the last four bytes.
 */
export const kScales =
  (start: number): BitPlaces =>
  (group) =>
    group < 4
      ? [bits(start + group, 0, 6)]
      : [bits(start + 4 + group, 0, 4), bits(start + group - 4, 6, 2, 4)];

export const kMins =
  (start: number): BitPlaces =>
  (group) =>
    group < 4
      ? [bits(start + 4 + group, 0, 6)]
      : [bits(start + 4 + group, 4, 4), bits(start + group, 6, 2, 4)];

/** The same for four interleaved rows: low halves at `low`, top bits at `high`. `part` 0 is the scale, 1 the minimum. */
export const kScalesR4 =
  (low: number, high: number, part: 0 | 1): BitPlaces =>
  (group, row) => {
    const n = 4 * group + row;
    return [bits(low + n, 4 * part, 4), bits(high + (n % 16), 4 * (n >> 4) + 2 * part, 2, 4)];
  };
