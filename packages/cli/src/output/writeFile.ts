import { randomUUID } from "node:crypto";
import { type FileHandle, open, rename, stat, unlink } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { TensorplanError } from "@tensorplan/ir";

/**
 * Writes a file that is either whole or not there: a temporary file takes its place at the end. Devices and pipes are written directly.
 *
 * @throws TensorplanError `cli/unwritable`, `cli/disk-full`
 */
export async function writeWholeFile(
  path: string,
  write: (file: FileHandle) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  try {
    const existing = await stat(path).catch(() => undefined);
    if (existing?.isDirectory()) throw systemError("EISDIR");
    if (existing !== undefined && !existing.isFile()) return await withFile(path, "w", write);
    await throughTemporary(path, write, signal);
  } catch (error) {
    throw explained(path, error);
  }
}

async function throughTemporary(
  path: string,
  write: (file: FileHandle) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}.tmp`);
  const remove = () => unlink(temporary).catch(() => {});
  const removeSoon = () => void remove();
  // At once: after Ctrl-C there may be no time to get here in order.
  signal.addEventListener("abort", removeSoon, { once: true });
  try {
    await withFile(temporary, "wx", write);
    signal.throwIfAborted();
    await rename(temporary, path);
  } catch (error) {
    await remove();
    throw error;
  } finally {
    signal.removeEventListener("abort", removeSoon);
  }
}

async function withFile(
  path: string,
  flags: string,
  write: (file: FileHandle) => Promise<void>,
): Promise<void> {
  const file = await open(path, flags);
  try {
    await write(file);
  } finally {
    await file.close();
  }
}

const systemError = (code: string): NodeJS.ErrnoException => Object.assign(new Error(code), { code });

function explained(path: string, error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  if (error instanceof TensorplanError || code === undefined || !/^E[A-Z]+$/.test(code)) return error;
  const full = code === "ENOSPC" || code === "EDQUOT" || code === "EFBIG";
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: "there is no such folder",
    ENOTDIR: "there is no such folder",
    EISDIR: "it is a folder",
    EACCES: "permissions don't allow it",
    EPERM: "permissions don't allow it",
    EROFS: "the disk is read-only",
  };
  return new TensorplanError({
    code: full ? "cli/disk-full" : "cli/unwritable",
    message: full
      ? `there is no room to write ${path}`
      : `${path} can't be written: ${reasons[code] ?? code}`,
    hint: full ? "free some space, or write to another disk" : "check the path and its permissions",
    details: { path },
    cause: error,
  });
}
