import { type DType, isReadable } from "@tensorplan/ir";
import { decodeMetadata } from "./decodeMetadata.ts";
import { ggufError, quoted } from "./ggufError.ts";
import type { GgufMetadata } from "./ggufValue.ts";
import { MetadataReader } from "./metadata.ts";
import { type FileHeader, readHeader } from "./readHeader.ts";
import { checkPart, splitInfo, splitPaths } from "./splitFiles.ts";
import { checkTensorTable, type GgufTensor } from "./tensorTable.ts";

/** An opened model: what is in it and where. Holds no file open and none of the weights. */
export interface GgufFile {
  /** The parts in order; one for a model that isn't split. */
  readonly paths: readonly string[];
  readonly version: 2 | 3;
  /** Metadata of the first part, in the file's order. */
  readonly metadata: GgufMetadata;
  /** All tensors of all parts, in the files' order. */
  readonly tensors: ReadonlyMap<string, GgufTensor>;
  readonly alignment: number;
}

/**
 * Opens a GGUF model, whole or split (then any part may be named), and checks all that it says about itself against the size of its
 * files. Only headers are read.
 *
 * @throws TensorplanError `gguf/…`
 */
export async function openGguf(path: string): Promise<GgufFile> {
  const named = await openPart(path);
  const split = splitInfo(named.metadata);
  if (split === undefined) return assemble([path], [locate(named, 0)]);

  const paths = splitPaths(path, split);
  const parts: LocatedPart[] = [];
  for (const [index, partPath] of paths.entries()) {
    const part = index === split.index ? named : await openPartOfSet(partPath, split.count, path);
    checkPart(partPath, splitInfo(part.metadata), index, split);
    parts.push(locate(part, index));
  }
  const file = assemble(paths, parts);
  const expected = split.tensors ?? file.tensors.size;
  if (file.tensors.size !== expected) {
    throw ggufError(
      "split",
      `the ${split.count} parts hold ${file.tensors.size} tensors, and ${path} says that there are ${expected}`,
      "a part is damaged or of another model: download the set again",
    );
  }
  return file;
}

/** The type whose values the IR can read, of this tensor's data. @throws TensorplanError `gguf/unsupported-type` */
export function requireDType(tensor: GgufTensor): DType {
  if (tensor.dtype !== undefined && isReadable(tensor.dtype)) return tensor.dtype;
  const type =
    tensor.type === undefined ? `the unknown type ${tensor.ggmlTypeId}` : `type ${tensor.type.name}`;
  throw ggufError(
    "unsupported-type",
    `tensor ${quoted(tensor.name)} is stored as ${type} (id ${tensor.ggmlTypeId}), which can't be computed with`,
    "use a file of this model in a supported type, such as q8_0 or iq4_nl",
    { tensor: tensor.name, typeId: tensor.ggmlTypeId },
  );
}

interface Part {
  readonly header: FileHeader;
  readonly metadata: GgufMetadata;
}

interface LocatedPart extends Part {
  readonly alignment: number;
  readonly tensors: readonly GgufTensor[];
}

async function openPart(path: string): Promise<Part> {
  const header = await readHeader(path);
  return { header, metadata: await decodeMetadata(header.bytes, header.layout) };
}

async function openPartOfSet(path: string, count: number, named: string): Promise<Part> {
  try {
    return await openPart(path);
  } catch (cause) {
    const { code, message } = cause as Error & { code?: string };
    if (code !== "gguf/unreadable") throw cause;
    throw ggufError(
      "split",
      `${named} is one of ${count} parts, and another is missing: ${message}`,
      "put all parts into the same folder",
      { missing: path },
      cause,
    );
  }
}

function locate(part: Part, file: number): LocatedPart {
  const { path, fileSize, layout } = part.header;
  const alignment = readAlignment(part.metadata);
  const tensors = checkTensorTable(layout.tensors, {
    file,
    path,
    fileSize,
    headerEnd: layout.end,
    alignment,
  });
  return { ...part, alignment, tensors };
}

function readAlignment(metadata: GgufMetadata): number {
  const alignment = new MetadataReader(metadata).optionalInteger("general.alignment") ?? 32;
  if (alignment >= 1 && alignment <= 2 ** 30 && Number.isInteger(Math.log2(alignment))) return alignment;
  throw ggufError(
    "alignment",
    `general.alignment is ${alignment}, and must be a power of two`,
    "the file is damaged: convert it again",
    { alignment },
  );
}

function assemble(paths: readonly string[], parts: readonly LocatedPart[]): GgufFile {
  const [first] = parts;
  if (first === undefined) throw new Error("a model has at least one part");
  const tensors = new Map<string, GgufTensor>();
  for (const tensor of parts.flatMap((part) => part.tensors)) {
    if (tensors.has(tensor.name)) {
      throw ggufError(
        "duplicate-tensor",
        `tensor ${quoted(tensor.name)} stands twice in the model`,
        "the file is damaged: convert it again",
        { tensor: tensor.name },
      );
    }
    tensors.set(tensor.name, tensor);
  }
  const { header, metadata, alignment } = first;
  return { paths, version: header.layout.version, metadata, tensors, alignment };
}
