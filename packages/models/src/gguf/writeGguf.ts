import { randomUUID } from "node:crypto";
import { type FileHandle, open, rename, statfs, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type DType, dtypes, TensorplanError } from "@tensorplan/ir";
import { encodeHeader } from "./encodeHeader.ts";
import { FileSink } from "./fileSink.ts";
import { ggmlRowBytes, ggmlTypeById } from "./ggmlTypes.ts";
import { ggufError, quoted, systemCode } from "./ggufError.ts";
import type { GgufMetadata } from "./ggufValue.ts";
import { MetadataReader } from "./metadata.ts";

/** Fills `into`, whole rows of the tensor (at least one), with the tensor's bytes from byte `offset` on. */
export type TensorFill = (into: Uint8Array, offset: number) => void | Promise<void>;

export interface TensorToWrite {
  readonly name: string;
  /** Sizes, slowest axis first; 1 to 4 of them. */
  readonly shape: readonly number[];
  /** An IR type, or the ggml id of any type whose layout is known. */
  readonly type: DType | number;
  /** The stored bytes: all at once, as chunks of any size, or made on demand straight in the write buffer (the fastest). */
  readonly data: Uint8Array | AsyncIterable<Uint8Array> | Iterable<Uint8Array> | TensorFill;
}

export interface WriteGgufOptions {
  /** Power of two; 32 or the metadata's `general.alignment` where absent. */
  readonly alignment?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (writtenBytes: number, totalBytes: number) => void;
  /** Size of each of the two write buffers; 8 MiB where absent. */
  readonly bufferBytes?: number;
}

/**
 * Writes a GGUF file. It appears under its name only when it is whole and on the disk: until then it is a temporary file in the same
 * folder, which is removed when anything fails or `signal` aborts.
 *
 * @returns the file's size in bytes
 * @throws TensorplanError `gguf/…`; `gguf/disk-full` before or while writing; `gguf/aborted`
 */
export async function writeGguf(
  path: string,
  metadata: GgufMetadata,
  tensors: readonly TensorToWrite[],
  options: WriteGgufOptions = {},
): Promise<number> {
  const plan = planFile(metadata, tensors, options.alignment);
  await checkFreeSpace(path, plan.fileBytes);
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  const remove = () => void unlink(temporary).catch(() => {});
  // At once, where open files can be removed: a process that was told to stop may not live until the disk is done.
  options.signal?.addEventListener("abort", remove, { once: true });
  let created = false;
  try {
    const handle = await open(temporary, "wx");
    created = true;
    try {
      await writeAll(handle, plan, options);
      await handle.sync();
    } finally {
      await handle.close();
    }
    stopIfAborted(options.signal);
    await rename(temporary, path);
    created = false;
    await syncFolder(dirname(path));
  } catch (error) {
    if (created) await unlink(temporary).catch(() => {});
    throw writeError(path, plan.fileBytes, error);
  } finally {
    options.signal?.removeEventListener("abort", remove);
  }
  return plan.fileBytes;
}

interface PlannedTensor extends TensorToWrite {
  readonly typeId: number;
  readonly rowBytes: number;
  readonly bytes: number;
  readonly offset: number;
}

interface FilePlan {
  readonly header: Uint8Array;
  readonly dataStart: number;
  readonly tensors: readonly PlannedTensor[];
  readonly alignment: number;
  readonly fileBytes: number;
}

function planFile(
  metadata: GgufMetadata,
  tensors: readonly TensorToWrite[],
  wanted: number | undefined,
): FilePlan {
  const stated = new MetadataReader(metadata).optionalInteger("general.alignment");
  const alignment = wanted ?? stated ?? 32;
  if (!(alignment >= 1 && Number.isInteger(Math.log2(alignment))) || (stated ?? alignment) !== alignment) {
    throw ggufError(
      "alignment",
      `alignment ${alignment} isn't a power of two, or isn't the metadata's general.alignment`,
      "leave the option out, or set both to the same power of two",
    );
  }
  const pad = (n: number) => Math.ceil(n / alignment) * alignment;
  const names = new Set<string>();
  let end = 0;
  const planned = tensors.map((tensor): PlannedTensor => {
    if (names.has(tensor.name)) {
      throw ggufError(
        "duplicate-tensor",
        `tensor ${quoted(tensor.name)} is to be written twice`,
        "give each tensor a name of its own",
      );
    }
    names.add(tensor.name);
    const offset = end;
    const sized = sizeTensor(tensor);
    end = pad(offset + sized.bytes);
    return { ...tensor, ...sized, offset };
  });
  const complete = new Map(metadata);
  if (alignment !== 32) complete.set("general.alignment", { type: "u32", value: alignment });
  const header = encodeHeader(complete, planned);
  const dataStart = pad(header.length);
  return { header, dataStart, tensors: planned, alignment, fileBytes: dataStart + end };
}

function sizeTensor(tensor: TensorToWrite): { typeId: number; rowBytes: number; bytes: number } {
  const { name, shape } = tensor;
  const typeId = typeof tensor.type === "number" ? tensor.type : dtypes[tensor.type].ggmlTypeId;
  const type = ggmlTypeById(typeId);
  const columns = shape.at(-1) ?? 0;
  const rowBytes = type && ggmlRowBytes(type, columns);
  const rows = shape.slice(0, -1).reduce((n, size) => n * size, 1);
  const shapeFits =
    shape.length >= 1 && shape.length <= 4 && shape.every((size) => Number.isSafeInteger(size) && size > 0);
  if (rowBytes === undefined || !shapeFits || !Number.isSafeInteger(rows * Math.max(columns, rowBytes))) {
    throw ggufError(
      "shape",
      `tensor ${quoted(name)} can't be written as ${type?.name ?? `type ${typeId}`} with shape [${shape.join(", ")}]`,
      "give 1 to 4 sizes above 0, the last a multiple of the type's block, and a type whose layout is known",
    );
  }
  return { typeId, rowBytes, bytes: rows * rowBytes };
}

async function writeAll(handle: FileHandle, plan: FilePlan, options: WriteGgufOptions): Promise<void> {
  const largestRow = plan.tensors.reduce((most, tensor) => Math.max(most, tensor.rowBytes), 0);
  const wanted = options.bufferBytes ?? Math.min(8 * 2 ** 20, plan.fileBytes);
  const bufferBytes = Math.max(wanted, largestRow, 4096);
  const sink = new FileSink(handle, bufferBytes);
  const step = async () => {
    stopIfAborted(options.signal);
    options.onProgress?.(sink.length, plan.fileBytes);
  };
  try {
    await sink.append(plan.header);
    for (const tensor of plan.tensors) {
      await sink.zeros(plan.dataStart + tensor.offset - sink.length);
      await writeTensor(sink, tensor, bufferBytes, step);
    }
    await sink.zeros(plan.fileBytes - sink.length);
    await sink.flush();
    await step();
  } catch (error) {
    await sink.settle();
    throw error;
  }
}

async function writeTensor(
  sink: FileSink,
  tensor: PlannedTensor,
  bufferBytes: number,
  step: () => Promise<void>,
): Promise<void> {
  const { data, bytes, rowBytes } = tensor;
  if (typeof data === "function") {
    const most = Math.floor(bufferBytes / rowBytes) * rowBytes;
    for (let at = 0; at < bytes; ) {
      await step();
      const space = await sink.space(Math.min(most, bytes - at));
      await data(space, at);
      sink.advance(space.length);
      at += space.length;
    }
    return;
  }
  let written = 0;
  for await (const chunk of data instanceof Uint8Array ? [data] : data) {
    await step();
    written += chunk.length;
    if (written > bytes) break;
    await sink.append(chunk);
  }
  if (written !== bytes) {
    throw ggufError(
      "data-size",
      `tensor ${quoted(tensor.name)} takes ${bytes} bytes, and its source gave ${written > bytes ? "more" : written}`,
      "give exactly the bytes that its shape and type ask for",
    );
  }
}

function stopIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  throw ggufError("aborted", "writing was cancelled", "nothing was left behind", {}, signal.reason);
}

/** Refuses at once what can't fit; a folder whose free space can't be told is found out by writing. */
async function checkFreeSpace(path: string, bytes: number): Promise<void> {
  const stats = await statfs(dirname(path)).catch(() => undefined);
  if (stats !== undefined && stats.bavail * stats.bsize < bytes) {
    throw diskFull(path, bytes, stats.bavail * stats.bsize);
  }
}

const diskFull = (path: string, bytes: number, free: number | undefined, cause?: unknown) =>
  ggufError(
    "disk-full",
    `there is no room for ${path}: it takes ${bytes} bytes${free === undefined ? "" : `, and ${free} are free`}`,
    "free some space, or write to another disk",
    { path, bytes },
    cause,
  );

/** So that the new name survives a power failure too; some file systems refuse to sync a folder, which is no error. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

function writeError(path: string, bytes: number, error: unknown): unknown {
  const code = systemCode(error);
  if (error instanceof TensorplanError || code === undefined) return error;
  if (code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG")
    return diskFull(path, bytes, undefined, error);
  const [what, hint] =
    code === "ENOENT" || code === "ENOTDIR"
      ? [`there is no folder ${dirname(path)}`, "create it first"]
      : code === "EACCES" || code === "EPERM" || code === "EROFS"
        ? [`${dirname(path)} may not be written to`, "choose another folder, or change its permissions"]
        : [`${path} couldn't be written (${code})`, "check the disk and the path"];
  return ggufError("unwritable", what, hint, { path }, error);
}
