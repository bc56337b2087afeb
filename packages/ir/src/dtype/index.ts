import { TensorplanError } from "../errors.ts";
import { bf16 } from "./bf16.ts";
import { f16 } from "./f16.ts";
import { f32 } from "./f32.ts";
import type { Format } from "./format.ts";
import { i32 } from "./i32.ts";
import { iq4_nl } from "./iq4_nl.ts";
import { q8_0 } from "./q8_0.ts";

/** Every element type that the IR knows. A new one is a file beside this one and its name in this list. */
const formats = { f32, f16, bf16, i32, q8_0, iq4_nl } as const;

export type DType = keyof typeof formats;
export type DTypeInfo = Format<DType>;
/** Types that computations produce and consume. */
export type FloatDType = "f32" | "f16" | "bf16";
/** Types that weights are stored in. */
export type StorageDType = Exclude<DType, "i32">;

export const dtypes: Readonly<Record<DType, DTypeInfo>> = formats;
export const dtypeNames = Object.keys(formats) as readonly DType[];

const byGgmlId = new Map(dtypeNames.map((name) => [formats[name].ggmlTypeId, dtypes[name]]));

export const dtypeByGgmlId = (id: number): DTypeInfo | undefined => byGgmlId.get(id);

export const isDType = (name: string): name is DType => Object.hasOwn(formats, name);

/** Bytes of a row of `n` values. @throws TensorplanError `dtype/partial-block` when `n` isn't a multiple of the type's block. */
export function rowBytes(dtype: DType, n: number): number {
  const { blockSize, blockBytes } = dtypes[dtype];
  if (n % blockSize !== 0) {
    throw new TensorplanError({
      code: "dtype/partial-block",
      message: `a row of ${n} values can't be stored as ${dtype}, whose blocks hold ${blockSize}`,
      hint: `use a row length that is a multiple of ${blockSize}, or another type`,
    });
  }
  return (n / blockSize) * blockBytes;
}
