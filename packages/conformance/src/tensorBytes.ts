import { type DType, dtypes, type HostTensor, hostTensor } from "@tensorplan/ir";

const bytesOf = (dtype: DType, count: number): number => {
  const { blockSize, blockBytes } = dtypes[dtype];
  return (count / blockSize) * blockBytes;
};

/** A tensor's bytes in its element type, rows as in a file. */
export function encodeTensor({ dtype, data }: HostTensor): Uint8Array {
  if (data instanceof Int32Array)
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  const bytes = new Uint8Array(bytesOf(dtype, data.length));
  dtypes[dtype].encode(data, bytes);
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
  const bytes = new Uint8Array(bytesOf(dtype, data.length));
  read(bytes);
  dtypes[dtype].decode(bytes, data);
  return tensor;
}
