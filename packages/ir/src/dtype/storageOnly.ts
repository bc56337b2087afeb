import { TensorplanError } from "../errors.ts";
import { defineFormat, type Format } from "./format.ts";

type Sizes = readonly [ggmlTypeId: number, blockSize: number, blockBytes: number, rowPrefix?: number];

/**
 * Block types of ggml and ik_llama.cpp whose sizes are known and whose values can't be read yet: models in them can be planned, not run.
 * Sizes are the file format's own; types with a scale for each whole row have a prefix. Those that interleave the rows of neighbours
 * (`_r4`, `_r8`) take the bytes of the type that they are made of.
 */
const sizes = {
  q4_0: [2, 32, 18],
  q4_1: [3, 32, 20],
  q5_0: [6, 32, 22],
  q5_1: [7, 32, 24],
  q2_k: [10, 256, 84],
  q3_k: [11, 256, 110],
  q4_k: [12, 256, 144],
  q5_k: [13, 256, 176],
  q6_k: [14, 256, 210],
  iq2_xxs: [16, 256, 66],
  iq2_xs: [17, 256, 74],
  iq3_xxs: [18, 256, 98],
  iq1_s: [19, 256, 50],
  iq3_s: [21, 256, 110],
  iq2_s: [22, 256, 82],
  iq4_xs: [23, 256, 136],
  iq1_m: [29, 256, 56],
  tq1_0: [34, 256, 54],
  tq2_0: [35, 256, 66],
  mxfp4: [39, 32, 17],
  q6_0: [133, 32, 26],
  iq2_k: [137, 256, 76],
  iq3_k: [138, 256, 110],
  iq4_k: [139, 256, 144],
  iq5_k: [140, 256, 176],
  iq6_k: [141, 256, 212],
  iq4_ks: [144, 256, 136, 4],
  iq2_ks: [145, 256, 70, 2],
  iq4_kss: [146, 256, 128, 4],
  iq5_ks: [152, 256, 168, 4],
  iq3_ks: [156, 256, 102, 2],
  q4_0_r8: [202, 32, 18],
  q5_0_r4: [206, 32, 22],
  q8_0_r8: [208, 32, 34],
  q2_k_r4: [210, 256, 84],
  q3_k_r4: [211, 256, 110],
  q4_k_r4: [212, 256, 144],
  q5_k_r4: [213, 256, 176],
  q6_k_r4: [214, 256, 210],
  iq4_nl_r4: [220, 32, 18],
  iq4_xs_r8: [223, 256, 136],
  q6_0_r4: [233, 32, 26],
  iq2_k_r4: [337, 256, 76],
  iq3_k_r4: [338, 256, 110],
  iq4_k_r4: [339, 256, 144],
  iq5_k_r4: [340, 256, 176],
  iq4_ks_r4: [344, 256, 136, 4],
  iq5_ks_r4: [352, 256, 168, 4],
  q8_kv: [151, 32, 32, 8],
  q8_kv_r8: [398, 32, 32, 4],
  q8_k_r8: [399, 256, 258],
} as const satisfies Readonly<Record<string, Sizes>>;

export type StorageOnlyDType = keyof typeof sizes;

/** Every type whose values can't be read yet. */
export const storageOnlyNames = Object.keys(sizes) as readonly StorageOnlyDType[];

const noCodec = (name: string) => (): never => {
  throw new TensorplanError({
    code: "dtype/no-codec",
    message: `values of ${name} can't be read or written yet: only its size is known, for plans`,
    hint: "use a file in a type that can be computed with, such as q8_0 or iq4_nl",
  });
};

const formatOf = (name: StorageOnlyDType): Format<StorageOnlyDType> => {
  const [ggmlTypeId, blockSize, blockBytes, rowPrefix]: Sizes = sizes[name];
  return defineFormat({
    name,
    ggmlTypeId,
    blockSize,
    blockBytes,
    ...(rowPrefix === undefined ? {} : { rowPrefix }),
    kind: "block",
    decode: noCodec(name),
    encode: noCodec(name),
  });
};

export const storageOnlyFormats = Object.fromEntries(
  storageOnlyNames.map((name) => [name, formatOf(name)]),
) as Readonly<Record<StorageOnlyDType, Format<StorageOnlyDType>>>;
