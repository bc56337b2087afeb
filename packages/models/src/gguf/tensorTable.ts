import type { DType } from "@tensorplan/ir";
import { type GgmlType, ggmlRowBytes, ggmlTypeById } from "./ggmlTypes.ts";
import { ggufError, quoted } from "./ggufError.ts";
import type { TensorEntry } from "./scanHeader.ts";

/** Where one tensor lies, and how its bytes are to be read. */
export interface GgufTensor {
  readonly name: string;
  /** Sizes, slowest axis first: the reverse of the order in the file. */
  readonly shape: readonly number[];
  readonly ggmlTypeId: number;
  /** The layout of this type, or undefined for an id that isn't known: such a tensor can be listed and not read. */
  readonly type: GgmlType | undefined;
  /** The IR's name of the type, where the IR knows it; it may know no more than its size. */
  readonly dtype: DType | undefined;
  /** Index into `GgufFile.paths`. */
  readonly file: number;
  /** First byte, counted from the start of that file. */
  readonly offset: number;
  /** Bytes of the data. For an unknown type: the room up to the next tensor. */
  readonly bytes: number;
}

/** What the table is checked against. */
export interface DataRegion {
  readonly file: number;
  readonly path: string;
  readonly fileSize: number;
  /** The first byte after the tensor table. */
  readonly headerEnd: number;
  readonly alignment: number;
}

/**
 * Turns one file's tensor table into places to read from. Every tensor is checked: a size of its own on each axis, whole blocks, no
 * number beyond 2^53, aligned, inside the file, apart from all others. No byte of data is looked at.
 */
export function checkTensorTable(entries: readonly TensorEntry[], region: DataRegion): readonly GgufTensor[] {
  const dataStart = Math.ceil(region.headerEnd / region.alignment) * region.alignment;
  const placed = entries.map((entry) => placeTensor(entry, region, dataStart));
  const ordered = [...placed].sort((a, b) => a.offset - b.offset);
  const ends = new Map<GgufTensor, number>();
  for (const [i, tensor] of ordered.entries()) {
    const next = ordered[i + 1];
    ends.set(tensor, next?.offset ?? region.fileSize);
    if (next !== undefined && tensor.offset + tensor.bytes > next.offset) {
      throw ggufError(
        "overlap",
        `tensors ${quoted(tensor.name)} and ${quoted(next.name)} overlap in ${region.path}`,
        "the file is damaged, or made to do harm: download or convert it again",
        { first: tensor.offset, firstBytes: tensor.bytes, second: next.offset },
      );
    }
  }
  return placed.map((tensor) =>
    tensor.type === undefined
      ? { ...tensor, bytes: (ends.get(tensor) ?? tensor.offset) - tensor.offset }
      : tensor,
  );
}

function placeTensor(entry: TensorEntry, region: DataRegion, dataStart: number): GgufTensor {
  const what = `tensor ${quoted(entry.name)}`;
  const type = ggmlTypeById(entry.typeId);
  const bytes = tensorBytes(entry, type, what);
  if (entry.offset % region.alignment !== 0) {
    throw ggufError(
      "misaligned",
      `${what} starts at offset ${entry.offset}, which isn't a multiple of the file's alignment ${region.alignment}`,
      "the file is damaged: download or convert it again",
      { offset: entry.offset, alignment: region.alignment },
    );
  }
  const offset = dataStart + entry.offset;
  if (offset + bytes > region.fileSize) {
    throw ggufError(
      "truncated",
      `${what} needs bytes ${offset} to ${offset + bytes} of ${region.path}, which has ${region.fileSize}`,
      "the file is cut short: download it again",
      { offset, bytes, fileSize: region.fileSize },
    );
  }
  const shape = [...entry.sizes].reverse();
  return {
    name: entry.name,
    shape,
    ggmlTypeId: entry.typeId,
    type,
    dtype: type?.dtype,
    file: region.file,
    offset,
    bytes,
  };
}

/** Bytes that the shape and type ask for; 0 for an unknown type, whose size can't be told. */
function tensorBytes(entry: TensorEntry, type: GgmlType | undefined, what: string): number {
  if (entry.sizes.includes(0)) {
    throw ggufError(
      "empty-axis",
      `${what} has a size of 0 in its shape [${[...entry.sizes].reverse().join(", ")}]`,
      "the file is damaged: download or convert it again",
    );
  }
  const columns = entry.sizes[0] ?? 1;
  const elements = entry.sizes.reduce((product, size) => product * size, 1);
  const rowBytes = type === undefined ? 0 : ggmlRowBytes(type, columns);
  if (rowBytes === undefined) {
    throw ggufError(
      "partial-block",
      `${what} has rows of ${columns} values, and ${type?.name} packs ${type?.blockSize} at a time`,
      "the file is damaged, or was quantised wrongly: convert it again",
      { columns, blockSize: type?.blockSize ?? 1 },
    );
  }
  const bytes = (elements / columns) * rowBytes;
  if (!Number.isSafeInteger(elements) || !Number.isSafeInteger(bytes)) {
    throw ggufError(
      "overflow",
      `${what} would have ${elements} values, more than can be addressed`,
      "the file is damaged, or made to do harm",
      { sizes: entry.sizes },
    );
  }
  return bytes;
}
