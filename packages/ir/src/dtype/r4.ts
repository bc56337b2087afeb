import { type BitPlaces, bits } from "./bits.ts";

/** Index of the 32-group of value `i`, and the place in it. */
const split = (i: number) => ({ group: i >> 5, j: i & 31 });

/** Four rows' 4-bit codes: 64 bytes for 32 values of each row, four values of a row side by side. */
export const nibblesR4 =
  (start: number): BitPlaces =>
  (i, row) => {
    const { group, j } = split(i);
    const byte = start + 64 * group + 16 * (j >> 4) + 32 * ((j >> 2) & 1) + 4 * row + (j & 3);
    return [bits(byte, 4 * ((j >> 3) & 1), 4)];
  };

/** Four rows' codes of two bits, 32 bytes for 32 values of each row. */
export const pairsR4 =
  (start: number): BitPlaces =>
  (i, row) => {
    const { group, j } = split(i);
    return [bits(start + 32 * group + 16 * (j >> 4) + 4 * row + (j & 3), 2 * ((j >> 2) & 3), 2)];
  };

/** Four rows' third bits, as q3_k_r4 and iq3_k_r4 keep them: 16 bytes for 32 values of each row. */
export const thirdBitsR4 =
  (start: number): BitPlaces =>
  (i, row) => {
    const { group, j } = split(i);
    return [bits(start + 16 * group + 4 * row + (j & 3), j >> 2, 1, 2)];
  };

/** Four rows' fifth bits, in the order of the nibbles' bytes (iq5_k_r4, iq5_ks_r4). */
export const fifthBitsR4 =
  (start: number): BitPlaces =>
  (i, row) => {
    const { group, j } = split(i);
    const bit = 4 * ((j >> 2) & 1) + 2 * (j >> 4) + ((j >> 3) & 1);
    return [bits(start + 16 * group + 4 * row + (j & 3), bit, 1, 4)];
  };

/** Scales of six bits for groups of 16 values: four low bits at `low`, two high ones at `high`. */
export const sixBitScales =
  (low: number, high: number, rows: 4 | 8): BitPlaces =>
  (group, row) => {
    const n = rows * group + row;
    return [bits(low + (n % 32), 4 * (n >> 5), 4), bits(high + (n % 16), 2 * (n >> 4), 2, 4)];
  };

/** Which code book a group of 16 values uses, of four rows: two bytes a row at `start`. */
export const booksR4 =
  (start: number): BitPlaces =>
  (group, row) => [bits(start + 4 * (group & 1) + row, group >> 1, 1)];

/** One byte for each group and row. */
export const bytesR4 =
  (start: number): BitPlaces =>
  (group, row) => [bits(start + 4 * group + row, 0, 8)];

/** Both places' pieces. */
export const both =
  (a: BitPlaces, b: BitPlaces): BitPlaces =>
  (i, row) => [...a(i, row), ...b(i, row)];

/** The halves of neighbouring rows stand side by side. */
export const halvesAt =
  (start: number) =>
  (row: number): number =>
    start + 2 * row;
