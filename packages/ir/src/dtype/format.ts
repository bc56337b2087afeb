/**
 * How values of one element type lie in memory. `blockSize` consecutive values of a row share `blockBytes` bytes; plain types have a
 * block of one. Values are little-endian.
 */
export interface Format<Name extends string = string> {
  readonly name: Name;
  /** The id that GGUF files use for this type. */
  readonly ggmlTypeId: number;
  readonly blockSize: number;
  readonly blockBytes: number;
  /** Bytes in front of each row's blocks; absent: none. */
  readonly rowPrefix?: number;
  /** `integer` types index things; `float` types are computed with as they are; `block` types only store weights and caches. */
  readonly kind: "integer" | "float" | "block";
  /** Dequantises `out.length` values (a multiple of `blockSize`) from `bytes`. */
  readonly decode: (bytes: Uint8Array, out: Float32Array) => void;
  /** Quantises `values.length` values (a multiple of `blockSize`) into `bytes`. */
  readonly encode: (values: Float32Array, bytes: Uint8Array) => void;
}

export const defineFormat = <const Name extends string>(format: Format<Name>): Format<Name> =>
  Object.freeze(format);

export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
