import { rowSize } from "../graph/tensor.ts";
import type { FileTensor } from "./modelFile.ts";
import type { StoredWeight } from "./placeWeights.ts";

/** ggml aligns tensors in a CUDA buffer to so many bytes. */
const CUDA_ALIGNMENT = 128;

/** CUDA pads rows of block types to a multiple of this many values. */
const CUDA_ROW = 512;

/** Tensors in a file start at multiples of so many bytes. */
const FILE_ALIGNMENT = 32;

const align = (n: number, to: number): number => Math.ceil(n / to) * to;

const isGpu = (buffer: string): boolean => buffer.startsWith("CUDA");

/** Bytes of a tensor in a file. */
function fileBytes({ shape, type }: FileTensor): number {
  const rows = shape.slice(0, -1).reduce((product, n) => product * n, 1);
  return rows * rowSize(type, shape.at(-1) ?? 1);
}

/** Bytes that a weight takes in its buffer. */
export function storedBytes({ tensor, buffer }: StoredWeight): number {
  const { shape, type } = tensor;
  const over = (shape.at(-1) ?? 1) % CUDA_ROW;
  const padded = isGpu(buffer) && type.blockSize > 1 && over !== 0;
  return fileBytes(tensor) + (padded ? rowSize(type, CUDA_ROW - over) : 0);
}

/** Size of a device's weight buffer: a GPU's holds its weights side by side, the CPU's is the part of the file from its first weight to its last. */
export function weightBufferBytes(stored: readonly StoredWeight[], buffer: string): number {
  if (isGpu(buffer)) {
    return stored
      .filter((weight) => weight.buffer === buffer)
      .reduce((sum, weight) => sum + align(storedBytes(weight), CUDA_ALIGNMENT), 0);
  }
  let at = 0;
  let first: number | undefined;
  let last = 0;
  for (const weight of stored) {
    const bytes = fileBytes(weight.tensor);
    if (weight.buffer === buffer) {
      first ??= at;
      last = at + bytes;
    }
    at = align(at + bytes, FILE_ALIGNMENT);
  }
  return last - (first ?? last);
}
