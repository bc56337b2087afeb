import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { type DType, dtypes, rowBytes, TensorplanError } from "@tensorplan/ir";
import type { GgufMetadata } from "../gguf/ggufValue.ts";
import { type GgufFile, openGguf, requireDType } from "../gguf/openGguf.ts";
import { rowCount } from "../gguf/readTensorBytes.ts";
import type { GgufTensor } from "../gguf/tensorTable.ts";
import { type TensorToWrite, writeGguf } from "../gguf/writeGguf.ts";
import { EncodePool } from "./encodePool.ts";
import type { EncodedRows } from "./encodeRows.ts";
import { fileTypeOf, type QuantizeType, targetType } from "./targetType.ts";

export interface QuantizeOptions {
  /** Absent: one for each core. */
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Bytes of the new file. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

export interface QuantizeSummary {
  /** The size of the new file. */
  readonly bytes: number;
  /** How many tensors got each type. */
  readonly types: Readonly<Record<string, number>>;
  /** Root mean square error of all quantised values, relative to the values. */
  readonly error: number;
  /** Tensors that were quantised before: what was lost then stays lost. */
  readonly requantised: number;
}

/** About this many values are encoded at once: a fraction of a second's work. */
const CHUNK_VALUES = 1 << 18;

/**
 * Writes a GGUF file with the same metadata and tensors, its matrices in another type. Parts of a split file become one. The file appears
 * under its name when it is whole.
 *
 * @throws TensorplanError `quantize/same-file`, `gguf/…` (`gguf/unsupported-type` for types that can't be read, `gguf/not-finite`)
 */
export async function quantizeFile(
  from: string,
  to: string,
  type: QuantizeType,
  options: QuantizeOptions = {},
): Promise<QuantizeSummary> {
  const file = await openGguf(from);
  if (file.paths.some((path) => resolve(path) === resolve(to))) throw sameFile(to);
  const tensors = [...file.tensors.values()];
  for (const tensor of tensors) requireDType(tensor);
  const pool = new EncodePool(threadsFor(tensors, options.threads));
  const sums = { error: 0, norm: 0 };
  const types: Record<string, number> = {};
  let requantised = 0;
  try {
    const planned = tensors.map((tensor): TensorToWrite => {
      const target = targetType(tensor, type);
      types[target] = (types[target] ?? 0) + 1;
      if (target !== tensor.dtype && isBlock(tensor.dtype) && isBlock(target)) requantised++;
      const data = encodedRows(file, tensor, target, pool, (rows) => {
        if (!isBlock(target)) return;
        sums.error += rows.error;
        sums.norm += rows.norm;
      });
      return { name: tensor.name, shape: tensor.shape, type: target, data };
    });
    const { signal, onProgress } = options;
    const bytes = await writeGguf(to, metadataFor(file, type), planned, {
      alignment: file.alignment,
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onProgress }),
    });
    return { bytes, types, error: sums.norm === 0 ? 0 : Math.sqrt(sums.error / sums.norm), requantised };
  } finally {
    await pool.close();
  }
}

const isBlock = (dtype: DType | undefined): boolean => dtype !== undefined && dtypes[dtype].kind === "block";

/** Threads cost more to start than small files take. */
function threadsFor(tensors: readonly GgufTensor[], wanted: number | undefined): number {
  const values = tensors.reduce((sum, { shape }) => sum + shape.reduce((n, size) => n * size, 1), 0);
  return wanted ?? Math.min(availableParallelism(), Math.ceil(values / (4 * CHUNK_VALUES)));
}

/** A tensor's rows in another type, in order, with twice as many parts under way as there are threads. */
async function* encodedRows(
  file: GgufFile,
  tensor: GgufTensor,
  to: DType,
  pool: EncodePool,
  onRows: (rows: EncodedRows) => void,
): AsyncGenerator<Uint8Array> {
  const from = requireDType(tensor);
  const columns = tensor.shape.at(-1) ?? 1;
  const rows = rowCount(tensor);
  const group = Math.max(dtypes[from].rowsTogether ?? 1, dtypes[to].rowsTogether ?? 1);
  const step = Math.max(1, Math.floor(CHUNK_VALUES / (columns * group))) * group;
  const width = rowBytes(from, columns);
  const path = file.paths[tensor.file] as string;
  const under: Promise<EncodedRows>[] = [];
  const take = async () => {
    const done = (await under.shift()) as EncodedRows;
    onRows(done);
    return done.bytes;
  };
  for (let row = 0; row < rows; row += step) {
    const job = { tensor: tensor.name, path, offset: tensor.offset + row * width, from, to, columns };
    under.push(pool.run({ ...job, rows: Math.min(step, rows - row) }));
    if (under.length >= 2 * pool.threads) yield await take();
  }
  while (under.length > 0) yield await take();
}

function metadataFor(file: GgufFile, type: QuantizeType): GgufMetadata {
  const kept = [...file.metadata].filter(([key]) => !key.startsWith("split."));
  return new Map([
    ...kept,
    ["general.file_type", { type: "u32", value: fileTypeOf[type] }],
    ["general.quantization_version", { type: "u32", value: 2 }],
  ]);
}

const sameFile = (path: string) =>
  new TensorplanError({
    code: "quantize/same-file",
    message: `${path} is both read and written`,
    hint: "give the new file another name",
  });
