import { type FileHandle, open } from "node:fs/promises";
import { TensorplanError } from "@tensorplan/ir";
import { NeedMoreBytes } from "./cursor.ts";
import { ggufError, systemCode } from "./ggufError.ts";
import { type HeaderLayout, scanHeader } from "./scanHeader.ts";

export interface FileHeader {
  readonly path: string;
  readonly fileSize: number;
  /** The file's first bytes, at least as far as the header reaches. */
  readonly bytes: Uint8Array;
  readonly layout: HeaderLayout;
}

/** Real headers take up to 30 MB (a vocabulary of 250,000 with merges). */
const headerLimit = 256 * 2 ** 20;
const firstRead = 256 * 2 ** 10;

/** Reads and checks the header of one file, and no more of the file than it takes to find the header's end. */
export async function readHeader(path: string): Promise<FileHeader> {
  const handle = await openFile(path);
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) {
      throw ggufError("unreadable", `${path} isn't a file`, "name a .gguf file", { path });
    }
    let bytes: Uint8Array = new Uint8Array(0);
    let wanted = firstRead;
    for (;;) {
      bytes = await readFurther(handle, bytes, Math.min(wanted, stat.size));
      // A file that shrank since it was measured counts as what could be read of it.
      const fileSize = bytes.length < Math.min(wanted, stat.size) ? bytes.length : stat.size;
      const layout = scanOrNeed(bytes, fileSize);
      if (typeof layout !== "number") return { path, fileSize, bytes, layout };
      if (layout > headerLimit) {
        throw ggufError(
          "header-size",
          `the header of ${path} reaches past byte ${layout}; ${headerLimit} bytes are the limit`,
          "the file is damaged, or made to do harm",
        );
      }
      wanted = Math.max(layout, bytes.length * 4);
    }
  } catch (error) {
    if (error instanceof TensorplanError || systemCode(error) === undefined) throw error;
    throw unreadable(path, error);
  } finally {
    await handle.close();
  }
}

/** The header, or up to which byte the file must be read to go on. */
function scanOrNeed(bytes: Uint8Array, fileSize: number): HeaderLayout | number {
  try {
    return scanHeader(bytes, fileSize);
  } catch (error) {
    if (error instanceof NeedMoreBytes) return error.upTo;
    throw error;
  }
}

async function readFurther(handle: FileHandle, have: Uint8Array, upTo: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(upTo);
  bytes.set(have.subarray(0, upTo));
  let at = Math.min(have.length, upTo);
  while (at < upTo) {
    const { bytesRead } = await handle.read(bytes, at, upTo - at, at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes.subarray(0, at);
}

/** Opens a file for reading. @throws TensorplanError `gguf/unreadable` */
export async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, "r");
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown) {
  const code = systemCode(error);
  const [message, hint] =
    code === "ENOENT" || code === "ENOTDIR"
      ? [`there is no file ${path}`, "check the path"]
      : code === "EACCES" || code === "EPERM"
        ? [`${path} may not be read by this user`, "change its permissions, or run as another user"]
        : code === "EISDIR"
          ? [`${path} is a folder`, "name a .gguf file in it"]
          : [`${path} couldn't be read (${code ?? String(error)})`, "check the disk and the path"];
  return ggufError("unreadable", message, hint, { path }, error);
}
