import { type CodecDType, dtypes, hasCodec, isReadable } from "@tensorplan/ir";
import type { TensorTable } from "./weights.ts";

/**
 * The tensors as they are after loading, where those in types that no kernel computes with are converted to `to`. Others stay as they are, and
 * so do those whose rows `to` can't hold.
 */
export const convertedTensors = (tensors: TensorTable, to: CodecDType): TensorTable => ({
  get(name) {
    const entry = tensors.get(name);
    const stored = entry?.dtype;
    if (entry === undefined || stored === undefined || hasCodec(stored) || !isReadable(stored)) return entry;
    if ((entry.shape.at(-1) ?? 1) % dtypes[to].blockSize !== 0) return entry;
    return { ...entry, dtype: to, storedAs: stored };
  },
});
