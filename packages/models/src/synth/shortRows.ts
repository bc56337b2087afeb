import { dtypes, type StorageDType } from "@tensorplan/ir";

/**
 * The type that quantisers take, instead of one whose blocks hold 256 values, for a matrix whose rows aren't a multiple of that: the
 * nearest with blocks of 32 that is no worse (the choice of llama.cpp and ik_llama.cpp, in bits for each weight).
 */
export function typeForShortRows(type: StorageDType): StorageDType {
  const { blockSize, blockBytes } = dtypes[type];
  const bits = (8 * blockBytes) / blockSize;
  if (bits <= 4.5 && type !== "q4_k" && type !== "q4_k_r4") return "iq4_nl";
  if (bits <= 4.5) return "q5_0";
  if (bits <= 5.5) return "q5_1";
  return "q8_0";
}
