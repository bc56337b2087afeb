import { TensorplanError } from "../errors.ts";
import { bf16 } from "./bf16.ts";
import { f16 } from "./f16.ts";
import { f32 } from "./f32.ts";
import type { Format } from "./format.ts";
import { i32 } from "./i32.ts";
import { iq4_nl } from "./iq4_nl.ts";
import { q8_0 } from "./q8_0.ts";
import { type StorageOnlyDType, storageOnlyFormats } from "./storageOnly.ts";

/** Element types whose values can be read and written. A new one is a file beside this one and its name in this list. */
const codecs = { f32, f16, bf16, i32, q8_0, iq4_nl } as const;

export type CodecDType = keyof typeof codecs;
export type DType = CodecDType | StorageOnlyDType;
export type DTypeInfo = Format<DType>;
/** Types that computations produce and consume. */
export type FloatDType = "f32" | "f16" | "bf16";
/** Types that weights are stored in. */
export type StorageDType = Exclude<DType, "i32">;

export const dtypes: Readonly<Record<DType, DTypeInfo>> = { ...codecs, ...storageOnlyFormats };
/** Every element type that the IR knows, those among them whose values can't be read yet. */
export const dtypeNames = Object.keys(dtypes) as readonly DType[];
/** Types whose values can be read and written: what can be computed with. */
export const codecNames = Object.keys(codecs) as readonly CodecDType[];

const byGgmlId = new Map(dtypeNames.map((name) => [dtypes[name].ggmlTypeId, dtypes[name]]));

export const dtypeByGgmlId = (id: number): DTypeInfo | undefined => byGgmlId.get(id);

export const hasCodec = (name: DType): name is CodecDType => Object.hasOwn(codecs, name);

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
