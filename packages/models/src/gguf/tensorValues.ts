import { dtypes, isReadable } from "@tensorplan/ir";
import { ggufError, quoted } from "./ggufError.ts";
import type { GgufFile } from "./openGguf.ts";
import { readTensorBytes, rowCount } from "./readTensorBytes.ts";
import type { GgufTensor } from "./tensorTable.ts";

/** About as many values are decoded at once. */
const CHUNK_VALUES = 1 << 20;

/**
 * A tensor's values in row order, some whole rows at a time. The array is used again for the next rows.
 *
 * @param chunkValues values in a chunk, at most; a row, or a group of interleaved rows, may be longer
 * @throws TensorplanError `gguf/unreadable-type`; `dtype/partial-rows` where the number of rows isn't a multiple of the type's groups
 */
export async function* tensorValues(
  file: GgufFile,
  tensor: GgufTensor,
  chunkValues = CHUNK_VALUES,
): AsyncGenerator<Float32Array> {
  const { dtype } = tensor;
  if (dtype === undefined || !isReadable(dtype)) throw unreadable(tensor);
  const { decode, rowsTogether = 1 } = dtypes[dtype];
  const columns = tensor.shape.at(-1) ?? 1;
  const rows = rowCount(tensor);
  const step = Math.max(1, Math.floor(chunkValues / (columns * rowsTogether))) * rowsTogether;
  const values = new Float32Array(Math.min(step, rows) * columns);
  for (let start = 0; start < rows; start += step) {
    const end = Math.min(rows, start + step);
    const bytes = await readTensorBytes(file, tensor, undefined, { start, end });
    const part = values.subarray(0, (end - start) * columns);
    decode(bytes, part, columns);
    yield part;
  }
}

const unreadable = ({ name, type, ggmlTypeId }: GgufTensor) =>
  ggufError(
    "unreadable-type",
    `the values of tensor ${quoted(name)} can't be read: it is stored as ${type?.name ?? "an unknown type"} (id ${ggmlTypeId})`,
    "use a file of this model in a type whose values can be read, such as q8_0, q4_k or iq4_k",
    { tensor: name, typeId: ggmlTypeId },
  );
