import { readFile } from "node:fs/promises";
import { TensorplanError } from "@tensorplan/ir";
import type { CliContext } from "../cliContext.ts";

/** The text of a UTF-8 file; `-` is standard input. @throws TensorplanError `cli/unreadable`, `cli/not-text` */
export async function readTextFile(path: string, { stdin, signal }: CliContext): Promise<string> {
  const bytes =
    path === "-"
      ? await readAll(stdin)
      : await readFile(path, { signal }).catch((error) => unreadable(path, error));
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch (cause) {
    throw new TensorplanError({
      code: "cli/not-text",
      message: `${path === "-" ? "standard input" : path} isn't UTF-8 text`,
      hint: "convert it to UTF-8 first",
      cause,
    });
  }
}

async function readAll(stream: NodeJS.ReadableStream): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

function unreadable(path: string, cause: NodeJS.ErrnoException): never {
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: "there is no such file",
    EISDIR: "it is a folder",
    EACCES: "its permissions don't allow it",
  };
  const reason = reasons[cause.code ?? ""];
  if (cause.code === undefined || cause.name === "AbortError") throw cause;
  throw new TensorplanError({
    code: "cli/unreadable",
    message: `${path} can't be read: ${reason ?? cause.code}`,
    hint: "check the path",
    details: { path },
    cause,
  });
}
