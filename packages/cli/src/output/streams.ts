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

/** Writes a value as JSON and a line's end: two spaces a level, arrays of numbers on one line. */
export function writeJson(stream: CliStream, value: unknown): Promise<void> {
  const text = JSON.stringify(value, plainJson, 2);
  // Strings hold no raw line's end, so nothing inside one can look like this.
  const compact = text.replaceAll(/\[\n[\d\s.,e+-]+\]/g, (array) =>
    array.replaceAll(/\s+/g, " ").replace("[ ", "[").replace(" ]", "]"),
  );
  return writeTo(stream, `${compact}\n`);
}

/** What JSON can't hold: wide integers become numbers where that is exact, else strings; typed arrays become arrays. */
function plainJson(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return Array.from(value as unknown as ArrayLike<number | bigint>);
  }
  return value;
}
