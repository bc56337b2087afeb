import { TensorplanError } from "../errors.ts";
import { defineFormat, type Format } from "./format.ts";

type Sizes = readonly [ggmlTypeId: number, blockSize: number, blockBytes: number, rowsTogether?: 4];

/**
 * Block types of ggml and ik_llama.cpp whose sizes are known and whose values can't be read yet: models in them can be planned, not run.
 * Sizes are the file format's own.
 */
const sizes = {
  iq2_xxs: [16, 256, 66],
  iq2_xs: [17, 256, 74],
  iq3_xxs: [18, 256, 98],
  iq1_s: [19, 256, 50],
  iq3_s: [21, 256, 110],
  iq2_s: [22, 256, 82],
  iq1_m: [29, 256, 56],
  tq1_0: [34, 256, 54],
  tq2_0: [35, 256, 66],
  mxfp4: [39, 32, 17],
  q5_0_r4: [206, 32, 22, 4],
} as const satisfies Readonly<Record<string, Sizes>>;

export type SizeOnlyDType = keyof typeof sizes;

const names = Object.keys(sizes) as readonly SizeOnlyDType[];

const noCodec = (name: string) => (): never => {
  throw new TensorplanError({
    code: "dtype/no-codec",
    message: `values of ${name} can't be read or written yet: only its size is known, for plans`,
    hint: "use a file in a type that can be computed with, such as q8_0 or iq4_nl",
  });
};

const formatOf = (name: SizeOnlyDType): Format<SizeOnlyDType> => {
  const [ggmlTypeId, blockSize, blockBytes, rowsTogether]: Sizes = sizes[name];
  return defineFormat({
    name,
    ggmlTypeId,
    blockSize,
    blockBytes,
    ...(rowsTogether === undefined ? {} : { rowsTogether }),
    kind: "block",
    writable: false,
    decode: noCodec(name),
    encode: noCodec(name),
  });
};

/** Formats of these types, whose codecs refuse. */
export const sizeOnly = Object.fromEntries(names.map((name) => [name, formatOf(name)])) as Readonly<
  Record<SizeOnlyDType, Format<SizeOnlyDType>>
>;
