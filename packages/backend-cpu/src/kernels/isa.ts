/**
 * CPU features that the kernels of an instruction set are compiled for. The native table names the same (`core/cpu_features.h`); a test
 * compares them.
 */
export const avx2Features: readonly string[] = ["avx2", "fma", "f16c"];

export const avx512Features: readonly string[] = [
  ...avx2Features,
  "avx512f",
  "avx512bw",
  "avx512vl",
  "avx512dq",
  "avx512_vnni",
  "avx512_vbmi",
];
