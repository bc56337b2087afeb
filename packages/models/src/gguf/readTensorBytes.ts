import { ggmlRowBytes } from "./ggmlTypes.ts";
import { ggufError, quoted } from "./ggufError.ts";
import type { GgufFile } from "./openGguf.ts";
import { openFile } from "./readHeader.ts";
import type { GgufTensor } from "./tensorTable.ts";

/** Rows `start` (inclusive) to `end` (exclusive); a row is one run along the last axis, counted over all axes before it. */
export interface RowRange {
  readonly start: number;
  readonly end: number;
}

/** The number of rows of a tensor: the product of all sizes but the last. */
export const rowCount = (tensor: GgufTensor): number =>
  tensor.shape.slice(0, -1).reduce((n, size) => n * size, 1);

/**
 * Reads a tensor's stored bytes, or those of some of its rows, through plain file reads. (Native backends map the file themselves, by
 * `paths[tensor.file]`, `tensor.offset` and `tensor.bytes`.)
 *
 * @param into receives the bytes and must have exactly their number; allocated where absent
 */
export async function readTensorBytes(
  file: GgufFile,
  tensor: GgufTensor,
  into?: Uint8Array,
  rows?: RowRange,
): Promise<Uint8Array> {
  const { offset, bytes } = rows === undefined ? tensor : rowBytesOf(tensor, rows);
  const target = into ?? new Uint8Array(bytes);
  if (target.length !== bytes) {
    throw ggufError(
      "buffer-size",
      `tensor ${quoted(tensor.name)} gives ${bytes} bytes, and the buffer holds ${target.length}`,
      "pass a buffer of exactly that size",
    );
  }
  const path = file.paths[tensor.file] ?? "";
  const handle = await openFile(path);
  try {
    for (let at = 0; at < bytes; ) {
      const { bytesRead } = await handle.read(target, at, Math.min(bytes - at, 2 ** 30), offset + at);
      if (bytesRead === 0) {
        throw ggufError(
          "truncated",
          `${path} ends at byte ${offset + at}, inside tensor ${quoted(tensor.name)}`,
          "the file was changed after it was opened: open it again",
        );
      }
      at += bytesRead;
    }
  } finally {
    await handle.close();
  }
  return target;
}

function rowBytesOf(tensor: GgufTensor, { start, end }: RowRange): { offset: number; bytes: number } {
  const count = rowCount(tensor);
  const rowBytes = tensor.type && ggmlRowBytes(tensor.type, tensor.shape.at(-1) ?? 1);
  if (rowBytes === undefined) {
    throw ggufError(
      "unsupported-type",
      `tensor ${quoted(tensor.name)} has the unknown type ${tensor.ggmlTypeId}, so its rows can't be told apart`,
      "use a file of this model in a supported type, such as q8_0 or iq4_nl",
      { tensor: tensor.name, typeId: tensor.ggmlTypeId },
    );
  }
  if (!(Number.isInteger(start) && Number.isInteger(end) && 0 <= start && start <= end && end <= count)) {
    throw ggufError(
      "row-range",
      `tensor ${quoted(tensor.name)} has rows 0 to ${count}, not ${start} to ${end}`,
      "ask for rows that it has",
    );
  }
  return { offset: tensor.offset + start * rowBytes, bytes: (end - start) * rowBytes };
}
