import type { TensorSource, WeightPlace } from "@tensorplan/backend-api";
import { type DType, dtypes, type HeadRows, rowBytes, TensorplanError } from "@tensorplan/ir";
import { match } from "ts-pattern";

/** Rows that are read at once. */
const CHUNK_BYTES = 4 << 20;

/** Receives the weight's bytes piece by piece, in order. */
export type WeightSink = (offset: number, bytes: Uint8Array) => void;

const wrong = (place: WeightPlace, code: string, message: string, hint?: string): never => {
  throw new TensorplanError({
    code,
    message: `the weight '${place.name}' ${message}`,
    hint,
    details: { weight: place.name },
  });
};

const rowCount = (shape: readonly number[]): number =>
  shape.slice(0, -1).reduce((product, n) => product * n, 1);

const throwIfAborted = (signal: AbortSignal | undefined): void => signal?.throwIfAborted();

/** The rows `[first, first + count)` of the matrix, in chunks. */
async function* chunks(source: TensorSource, first: number, count: number, signal: AbortSignal | undefined) {
  const width = rowBytes(source.dtype, source.shape.at(-1) ?? 1);
  const { rowsTogether = 1 } = dtypes[source.dtype];
  const step = Math.max(1, Math.floor(CHUNK_BYTES / Math.max(1, width * rowsTogether))) * rowsTogether;
  for (let row = first; row < first + count; row += step) {
    throwIfAborted(signal);
    yield await source.readRows(row, Math.min(step, first + count - row));
  }
}

/** Decodes a matrix of `rows` rows, transposes it, and encodes it as `to`. */
function transpose(bytes: Uint8Array, from: DType, rows: number, columns: number, to: DType): Uint8Array {
  const values = new Float32Array(rows * columns);
  dtypes[from].decode(bytes, values, columns);
  const turned = new Float32Array(values.length);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) turned[c * rows + r] = values[r * columns + c] as number;
  }
  const out = new Uint8Array(columns * rowBytes(to, rows));
  dtypes[to].encode(turned, out, rows);
  return out;
}

/** Row ranges of the source that make up the weight, one for each head. */
function headRanges(
  place: WeightPlace,
  source: TensorSource,
  take: HeadRows,
): { first: number; count: number }[] {
  const divides = Number.isInteger(take.groupRows);
  if (
    !divides ||
    take.heads * take.groupRows !== rowCount(source.shape) ||
    take.firstRow + take.rows > take.groupRows
  ) {
    wrong(
      place,
      "weight/head-rows",
      `takes rows ${take.firstRow} to ${take.firstRow + take.rows - 1} of ${take.heads} groups of ${take.groupRows}, but '${source.name}' has ${rowCount(source.shape)} rows`,
    );
  }
  const { rowsTogether = 1 } = dtypes[source.dtype];
  if ([take.firstRow, take.rows, take.groupRows].some((rows) => rows % rowsTogether !== 0)) {
    wrong(
      place,
      "weight/interleaved-rows",
      `takes some rows of each head, and '${source.name}' (${source.dtype}) interleaves ${rowsTogether} rows across their borders`,
      "convert the weights while they are loaded: --weights-as q8_0",
    );
  }
  return Array.from({ length: take.heads }, (_, h) => ({
    first: h * take.groupRows + take.firstRow,
    count: take.rows,
  }));
}

/** Of each row, the bytes of columns `[first, first + count)`: whole blocks. */
function cutColumns(
  rows: Uint8Array,
  { dtype, shape }: TensorSource,
  first: number,
  count: number,
): Uint8Array {
  const width = rowBytes(dtype, shape.at(-1) ?? 1);
  const [skipped, kept] = [rowBytes(dtype, first), rowBytes(dtype, count)];
  const height = rows.byteLength / width;
  const out = new Uint8Array(height * kept);
  for (let row = 0; row < height; row++) {
    const from = row * width + skipped;
    out.set(rows.subarray(from, from + kept), row * kept);
  }
  return out;
}

/** Columns can only be cut where blocks begin. */
function expectColumns(place: WeightPlace, source: TensorSource, first: number, count: number): void {
  const { blockSize, rowPrefix = 0, rowsTogether = 1 } = dtypes[source.dtype];
  const width = source.shape.at(-1) ?? 1;
  if (rowPrefix > 0 || rowsTogether > 1) {
    wrong(
      place,
      "weight/columns",
      `takes some columns of each row, but '${source.name}' (${source.dtype}) keeps ${rowsTogether > 1 ? "rows interleaved" : "a scale for each whole row"}`,
      "convert the weights while they are loaded: --weights-as q8_0",
    );
  }
  if (first % blockSize === 0 && count % blockSize === 0 && first + count <= width) return;
  wrong(
    place,
    "weight/columns",
    `takes columns ${first} to ${first + count - 1}, but rows of '${source.name}' have ${width} in blocks of ${blockSize}`,
  );
}

function expectType(place: WeightPlace, needed: DType, source: TensorSource): void {
  if (place.dtype === needed) return;
  wrong(
    place,
    "weight/element-type",
    `is planned as ${place.dtype}, but '${source.name}' (${source.dtype}) gives ${needed}`,
  );
}

/**
 * Reads a weight's source and hands over its bytes in the layout `rows`, as `place.source` says.
 * @throws TensorplanError `weight/element-type`, `weight/head-rows`, `weight/columns`, `weight/size`
 */
export async function transformWeight(
  place: WeightPlace,
  source: TensorSource,
  sink: WeightSink,
  signal?: AbortSignal,
): Promise<void> {
  let offset = 0;
  const put = (bytes: Uint8Array) => {
    if (offset + bytes.byteLength > place.bytes) {
      wrong(place, "weight/size", `has ${place.bytes} bytes in the plan, but '${source.name}' gives more`);
    }
    sink(offset, bytes);
    offset += bytes.byteLength;
  };
  const columns = source.shape.at(-1) ?? 1;
  const whole = { first: 0, count: rowCount(source.shape) };
  await match(place.source)
    .with({ kind: "tensor" }, async () => {
      expectType(place, source.dtype, source);
      for await (const bytes of chunks(source, whole.first, whole.count, signal)) put(bytes);
    })
    .with({ kind: "head-rows" }, async (take) => {
      expectType(place, source.dtype, source);
      for (const { first, count } of headRanges(place, source, take)) {
        for await (const bytes of chunks(source, first, count, signal)) put(bytes);
      }
    })
    .with({ kind: "columns" }, async ({ firstColumn, columns: count }) => {
      expectType(place, source.dtype, source);
      expectColumns(place, source, firstColumn, count);
      for await (const bytes of chunks(source, whole.first, whole.count, signal)) {
        put(cutColumns(bytes, source, firstColumn, count));
      }
    })
    .with({ kind: "transpose-heads" }, async ({ heads, take }) => {
      const to = dtypes[source.dtype].kind === "block" ? "q8_0" : source.dtype;
      expectType(place, to, source);
      const groupRows = whole.count / heads;
      const ranges = headRanges(place, source, take ?? { heads, groupRows, firstRow: 0, rows: groupRows });
      for (const { first, count } of ranges) {
        throwIfAborted(signal);
        put(transpose(await source.readRows(first, count), source.dtype, count, columns, to));
      }
    })
    .exhaustive();
  if (offset !== place.bytes) {
    wrong(place, "weight/size", `has ${place.bytes} bytes in the plan, but '${source.name}' gives ${offset}`);
  }
}
