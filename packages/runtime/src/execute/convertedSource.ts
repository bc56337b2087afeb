import type { TensorSource, WeightPlace } from "@tensorplan/backend-api";
import { dtypes, rowBytes } from "@tensorplan/ir";
import type { EncodeJob, EncodePool } from "@tensorplan/models";

/** Rows are converted in parts of about this many values. */
const CHUNK_VALUES = 1 << 18;

/**
 * A weight's tensor in the type that the plan keeps it in: as it lies in the file, or converted row by row where the plan says so. A converted
 * tensor isn't in any file, so its `path` is empty. `pool` gives the threads that convert.
 */
export function convertedSource(
  source: TensorSource,
  place: WeightPlace,
  pool: () => EncodePool,
): TensorSource {
  if (place.source.storedAs === undefined) return source;
  const { dtype } = place;
  const { name: tensor, path, shape } = source;
  const columns = shape.at(-1) ?? 1;
  const rows = shape.slice(0, -1).reduce((product, n) => product * n, 1);
  const width = rowBytes(dtype, columns);
  const sourceWidth = rowBytes(source.dtype, columns);
  const { rowsTogether = 1 } = dtypes[source.dtype];
  const step = Math.max(1, Math.floor(CHUNK_VALUES / (columns * rowsTogether))) * rowsTogether;
  const jobAt = (row: number, count: number): EncodeJob => ({
    tensor,
    path,
    offset: source.offset + row * sourceWidth,
    from: source.dtype,
    to: dtype,
    rows: count,
    columns,
  });
  return {
    name: tensor,
    dtype,
    shape,
    bytes: rows * width,
    path: "",
    offset: 0,
    async readRows(first, count) {
      const out = new Uint8Array(count * width);
      const end = first + count;
      // Rows that lie interleaved can only be read together.
      const begin = Math.floor(first / rowsTogether) * rowsTogether;
      const stop = Math.ceil(end / rowsTogether) * rowsTogether;
      const convert = async (row: number): Promise<void> => {
        const last = Math.min(row + step, stop);
        const { bytes } = await pool().run(jobAt(row, last - row));
        const [from, to] = [Math.max(row, first), Math.min(last, end)];
        out.set(bytes.subarray((from - row) * width, (to - row) * width), (from - first) * width);
      };
      // As many parts at a time as keep all threads busy: the next ones begin when these are done.
      const together = 2 * pool().threads * step;
      for (let row = begin; row < stop; row += together) {
        const parts: Promise<void>[] = [];
        for (let part = row; part < Math.min(row + together, stop); part += step) parts.push(convert(part));
        await Promise.all(parts);
      }
      return out;
    },
  };
}
