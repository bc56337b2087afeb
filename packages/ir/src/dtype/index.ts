import { TensorplanError } from "../errors.ts";
import { bf16 } from "./bf16.ts";
import { f16 } from "./f16.ts";
import { f32 } from "./f32.ts";
import type { Format } from "./format.ts";
import { i32 } from "./i32.ts";
import { iq2_k } from "./iq2_k.ts";
import { iq2_k_r4 } from "./iq2_k_r4.ts";
import { iq2_ks } from "./iq2_ks.ts";
import { iq3_k } from "./iq3_k.ts";
import { iq3_k_r4 } from "./iq3_k_r4.ts";
import { iq3_ks } from "./iq3_ks.ts";
import { iq4_k } from "./iq4_k.ts";
import { iq4_k_r4 } from "./iq4_k_r4.ts";
import { iq4_ks } from "./iq4_ks.ts";
import { iq4_ks_r4 } from "./iq4_ks_r4.ts";
import { iq4_kss } from "./iq4_kss.ts";
import { iq4_nl } from "./iq4_nl.ts";
import { iq4_nl_r4 } from "./iq4_nl_r4.ts";
import { iq4_xs } from "./iq4_xs.ts";
import { iq4_xs_r8 } from "./iq4_xs_r8.ts";
import { iq5_k } from "./iq5_k.ts";
import { iq5_k_r4 } from "./iq5_k_r4.ts";
import { iq5_ks } from "./iq5_ks.ts";
import { iq5_ks_r4 } from "./iq5_ks_r4.ts";
import { iq6_k } from "./iq6_k.ts";
import { q2_k } from "./q2_k.ts";
import { q2_k_r4 } from "./q2_k_r4.ts";
import { q3_k } from "./q3_k.ts";
import { q3_k_r4 } from "./q3_k_r4.ts";
import { q4_0 } from "./q4_0.ts";
import { q4_0_r8 } from "./q4_0_r8.ts";
import { q4_1 } from "./q4_1.ts";
import { q4_k } from "./q4_k.ts";
import { q4_k_r4 } from "./q4_k_r4.ts";
import { q5_0 } from "./q5_0.ts";
import { q5_1 } from "./q5_1.ts";
import { q5_k } from "./q5_k.ts";
import { q5_k_r4 } from "./q5_k_r4.ts";
import { q6_0 } from "./q6_0.ts";
import { q6_0_r4 } from "./q6_0_r4.ts";
import { q6_k } from "./q6_k.ts";
import { q6_k_r4 } from "./q6_k_r4.ts";
import { q8_0 } from "./q8_0.ts";
import { q8_0_r8 } from "./q8_0_r8.ts";
import { q8_k_r8 } from "./q8_k_r8.ts";
import { q8_kv } from "./q8_kv.ts";
import { q8_kv_r8 } from "./q8_kv_r8.ts";
import { sizeOnly } from "./sizeOnly.ts";

/** Element types whose values can be read and written. A new one is a file beside this one and its name in this list. */
const codecs = { f32, f16, bf16, i32, q8_0, iq4_nl } as const;

/** Types of stored weights that no kernel computes with yet. */
const stored = {
  q4_0,
  q4_1,
  q5_0,
  q5_1,
  q2_k,
  q3_k,
  q4_k,
  q5_k,
  q6_k,
  iq2_xxs: sizeOnly.iq2_xxs,
  iq2_xs: sizeOnly.iq2_xs,
  iq3_xxs: sizeOnly.iq3_xxs,
  iq1_s: sizeOnly.iq1_s,
  iq3_s: sizeOnly.iq3_s,
  iq2_s: sizeOnly.iq2_s,
  iq4_xs,
  iq1_m: sizeOnly.iq1_m,
  tq1_0: sizeOnly.tq1_0,
  tq2_0: sizeOnly.tq2_0,
  mxfp4: sizeOnly.mxfp4,
  q6_0,
  iq2_k,
  iq3_k,
  iq4_k,
  iq5_k,
  iq6_k,
  iq4_ks,
  iq2_ks,
  iq4_kss,
  iq5_ks,
  iq3_ks,
  q4_0_r8,
  q5_0_r4: sizeOnly.q5_0_r4,
  q8_0_r8,
  q2_k_r4,
  q3_k_r4,
  q4_k_r4,
  q5_k_r4,
  q6_k_r4,
  iq4_nl_r4,
  iq4_xs_r8,
  q6_0_r4,
  iq2_k_r4,
  iq3_k_r4,
  iq4_k_r4,
  iq5_k_r4,
  iq4_ks_r4,
  iq5_ks_r4,
  q8_kv,
  q8_kv_r8,
  q8_k_r8,
} as const;

export type CodecDType = keyof typeof codecs;
/** Types that no kernel computes with. */
export type StorageOnlyDType = keyof typeof stored;
export type DType = CodecDType | StorageOnlyDType;
export type DTypeInfo = Format<DType>;
/** Types that computations produce and consume. */
export type FloatDType = "f32" | "f16" | "bf16";
/** Types that weights are stored in. */
export type StorageDType = Exclude<DType, "i32">;

export const dtypes: Readonly<Record<DType, DTypeInfo>> = {
  ...codecs,
  ...stored,
};
/** Every element type that the IR knows, those among them whose values can't be read yet. */
export const dtypeNames = Object.keys(dtypes) as readonly DType[];
/** Types whose values can be read and written: what can be computed with. */
export const codecNames = Object.keys(codecs) as readonly CodecDType[];
/** Types whose values can be read. */
export const readableNames = dtypeNames.filter((name) => !Object.hasOwn(sizeOnly, name));
/** Types that no kernel computes with: weights in them can be planned, and most can be read. */
export const storageOnlyNames = dtypeNames.filter((name): name is StorageOnlyDType => !hasCodec(name));

const byGgmlId = new Map(dtypeNames.map((name) => [dtypes[name].ggmlTypeId, dtypes[name]]));

export const dtypeByGgmlId = (id: number): DTypeInfo | undefined => byGgmlId.get(id);

export const isReadable = (name: DType): boolean => readableNames.includes(name);

export function hasCodec(name: DType): name is CodecDType {
  return Object.hasOwn(codecs, name);
}

export const isDType = (name: string): name is DType => Object.hasOwn(dtypes, name);

/** Bytes of a row of `n` values. @throws TensorplanError `dtype/partial-block` when `n` isn't a multiple of the type's block. */
export function rowBytes(dtype: DType, n: number): number {
  const { blockSize, blockBytes, rowPrefix = 0 } = dtypes[dtype];
  if (n % blockSize !== 0) {
    throw new TensorplanError({
      code: "dtype/partial-block",
      message: `a row of ${n} values can't be stored as ${dtype}, whose blocks hold ${blockSize}`,
      hint: `use a row length that is a multiple of ${blockSize}, or another type`,
    });
  }
  return rowPrefix + (n / blockSize) * blockBytes;
}
