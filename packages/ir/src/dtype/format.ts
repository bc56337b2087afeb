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
  /** Bytes in front of each row's blocks; absent: none. Interleaved rows have them all together in front of their shared blocks. */
  readonly rowPrefix?: number;
  /** Rows that lie interleaved, so that only groups of this many can be read or written; absent: 1. */
  readonly rowsTogether?: 4 | 8;
  /** `integer` types index things; `float` types are computed with as they are; `block` types only store weights and caches. */
  readonly kind: "integer" | "float" | "block";
  /**
   * Dequantises the rows in `bytes` into `out`, which holds whole rows of `columns` values, a multiple of `rowsTogether` of them.
   * @throws TensorplanError `dtype/partial-rows`; `dtype/no-codec` where the values of the type can't be read
   */
  readonly decode: (bytes: Uint8Array, out: Float32Array, columns: number) => void;
  /**
   * Quantises whole rows of `columns` values into `bytes`.
   * @throws TensorplanError `dtype/partial-rows`; `dtype/no-encoder` for types that can only be read
   */
  readonly encode: (values: Float32Array, bytes: Uint8Array, columns: number) => void;
  /** `encode` works. */
  readonly writable: boolean;
}

export const defineFormat = <const Name extends string>(format: Format<Name>): Format<Name> =>
  Object.freeze(format);

export const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
