import { type DType, dtypes, type HostTensor, hostTensor, rowBytes } from "@tensorplan/ir";

const bytesOf = (dtype: DType, count: number, columns: number): number =>
  count === 0 ? 0 : (count / columns) * rowBytes(dtype, columns);

/** A tensor's bytes in its element type, rows as in a file. */
export function encodeTensor({ dtype, shape, data }: HostTensor): Uint8Array {
  if (data instanceof Int32Array)
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  const columns = shape.at(-1) ?? 1;
  const bytes = new Uint8Array(bytesOf(dtype, data.length, columns));
  dtypes[dtype].encode(data, bytes, columns);
  return bytes;
}

/** A tensor out of bytes that `read` fills. */
export function decodeTensor(
  dtype: DType,
  shape: readonly number[],
  read: (into: Uint8Array) => void,
): HostTensor {
  const tensor = hostTensor(dtype, shape);
  const { data } = tensor;
  if (data instanceof Int32Array) {
    read(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return tensor;
  }
  const columns = shape.at(-1) ?? 1;
  const bytes = new Uint8Array(bytesOf(dtype, data.length, columns));
  read(bytes);
  dtypes[dtype].decode(bytes, data, columns);
  return tensor;
}
