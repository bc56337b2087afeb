import type { CliStream } from "../cliContext.ts";

/** Calls back when the reader of one of the streams has gone away. */
export function onBrokenPipe(streams: readonly CliStream[], then: () => void): void {
  for (const stream of streams) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") return then();
      throw error;
    });
  }
}

/** Resolves when all that was written has been handed on: writing to a pipe takes its time. */
export async function closeStreams(streams: readonly CliStream[]): Promise<void> {
  await Promise.all(streams.map((stream) => writeTo(stream, "")));
}

/** Writes and waits: a slow reader slows the writer, and nothing piles up. */
export function writeTo(stream: CliStream, text: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()));
  });
}

/** Writes a value as JSON and a line's end. */
export const writeJson = (stream: CliStream, value: unknown): Promise<void> =>
  writeTo(stream, `${JSON.stringify(value, plainJson, 2)}\n`);

/** What JSON can't hold: wide integers become numbers where that is exact, else strings; typed arrays become arrays. */
function plainJson(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return Array.from(value as unknown as ArrayLike<number | bigint>);
  }
  return value;
}
