import { type BitPlaces, bits } from "./bits.ts";

/** Codes of four bits in runs of `2 * half` values: the first half in the low, the second in the high bits of the same bytes. */
export const nibbles =
  (start: number, half: 16 | 32): BitPlaces =>
  (i) => [bits(start + half * Math.floor(i / (2 * half)) + (i % half), i % (2 * half) < half ? 0 : 4, 4)];

/** Codes of two bits in runs of 128 values, 32 bytes each. */
export const pairs =
  (start: number): BitPlaces =>
  (i) => [bits(start + 32 * (i >> 7) + (i & 31), 2 * ((i >> 5) & 3), 2)];

/** Bit `to` of 256 codes in 32 bytes: bit `b` of byte `n` belongs to value `32 b + n`. */
export const planes =
  (start: number, to: number): BitPlaces =>
  (i) => [bits(start + (i & 31), i >> 5, 1, to)];

/** A number of four bits for each group, two in a byte, the first in the low bits. */
export const nibbleEach =
  (start: number): BitPlaces =>
  (group) => [bits(start + (group >> 1), 4 * (group & 1), 4)];

/** Bits 4 and 5 of each group's number, four groups in a byte. */
export const highPairs =
  (start: number): BitPlaces =>
  (group) => [bits(start + (group >> 2), 2 * (group & 3), 2, 4)];

/** One bit for each group, which is bit `to` of its number. */
export const bitEach =
  (start: number, to = 0): BitPlaces =>
  (group) => [bits(start + (group >> 3), group & 7, 1, to)];

/** A byte for each number. */
export const byteEach =
  (start: number): BitPlaces =>
  (i) => [bits(start + i, 0, 8)];
