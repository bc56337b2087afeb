import type { TensorSource, WeightPlace } from "@tensorplan/backend-api";
import { dtypes, rowBytes } from "@tensorplan/ir";

/** Rows are decoded in parts of about this many values. */
const CHUNK_VALUES = 1 << 20;

/**
 * A weight's tensor in the type that the plan keeps it in: as it lies in the file, or converted row by row where the plan says so. A converted
 * tensor isn't in any file, so its `path` is empty.
 */
export function convertedSource(source: TensorSource, place: WeightPlace): TensorSource {
  if (place.source.storedAs === undefined) return source;
  const { dtype } = place;
  const columns = source.shape.at(-1) ?? 1;
  const rows = source.shape.slice(0, -1).reduce((product, n) => product * n, 1);
  const width = rowBytes(dtype, columns);
  const { rowsTogether = 1 } = dtypes[source.dtype];
  const step = Math.max(1, Math.floor(CHUNK_VALUES / (columns * rowsTogether))) * rowsTogether;
  return {
    name: source.name,
    dtype,
    shape: source.shape,
    bytes: rows * width,
    path: "",
    offset: 0,
    async readRows(first, count) {
      const out = new Uint8Array(count * width);
      const end = first + count;
      // Rows that lie interleaved can only be read together.
      const begin = Math.floor(first / rowsTogether) * rowsTogether;
      for (let row = begin; row < end; row += step) {
        const last = Math.min(row + step, Math.ceil(end / rowsTogether) * rowsTogether);
        const values = new Float32Array((last - row) * columns);
        dtypes[source.dtype].decode(await source.readRows(row, last - row), values, columns);
        const [from, to] = [Math.max(row, first), Math.min(last, end)];
        const kept = values.subarray((from - row) * columns, (to - row) * columns);
        dtypes[dtype].encode(kept, out.subarray((from - first) * width, (to - first) * width), columns);
      }
      return out;
    },
  };
}
