/** Value types in the order of the ids that GGUF files use. */
export const ggufTypes = [
  "u8",
  "i8",
  "u16",
  "i16",
  "u32",
  "i32",
  "f32",
  "bool",
  "string",
  "array",
  "u64",
  "i64",
  "f64",
] as const;

export type GgufType = (typeof ggufTypes)[number];
export type GgufScalarType = Exclude<GgufType, "array">;

export type GgufScalar =
  | { readonly type: "u8" | "i8" | "u16" | "i16" | "u32" | "i32" | "f32" | "f64"; readonly value: number }
  | { readonly type: "u64" | "i64"; readonly value: bigint }
  | { readonly type: "bool"; readonly value: boolean }
  | { readonly type: "string"; readonly value: string };

/** Numbers are kept in typed arrays: a vocabulary has a hundred thousand of them. */
export type GgufArray =
  | { readonly type: "array"; readonly of: "u8"; readonly value: Uint8Array }
  | { readonly type: "array"; readonly of: "i8"; readonly value: Int8Array }
  | { readonly type: "array"; readonly of: "u16"; readonly value: Uint16Array }
  | { readonly type: "array"; readonly of: "i16"; readonly value: Int16Array }
  | { readonly type: "array"; readonly of: "u32"; readonly value: Uint32Array }
  | { readonly type: "array"; readonly of: "i32"; readonly value: Int32Array }
  | { readonly type: "array"; readonly of: "f32"; readonly value: Float32Array }
  | { readonly type: "array"; readonly of: "f64"; readonly value: Float64Array }
  | { readonly type: "array"; readonly of: "u64"; readonly value: BigUint64Array }
  | { readonly type: "array"; readonly of: "i64"; readonly value: BigInt64Array }
  | { readonly type: "array"; readonly of: "bool"; readonly value: readonly boolean[] }
  | { readonly type: "array"; readonly of: "string"; readonly value: readonly string[] }
  | { readonly type: "array"; readonly of: "array"; readonly value: readonly GgufArray[] };

/** One metadata value with the type that the file stores it in. */
export type GgufValue = GgufScalar | GgufArray;
export type GgufMetadata = ReadonlyMap<string, GgufValue>;

/** Bytes of one value of a type of fixed size; undefined for strings and arrays. */
export const fixedSize = (type: GgufType): number | undefined => sizes[type];

const sizes: Readonly<Record<GgufType, number | undefined>> = {
  u8: 1,
  i8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  f32: 4,
  bool: 1,
  string: undefined,
  array: undefined,
  u64: 8,
  i64: 8,
  f64: 8,
};
