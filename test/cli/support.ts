import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { runCli } from "@tensorplan/cli";
import { afterAll } from "vitest";

class Capture extends Writable {
  readonly #chunks: Buffer[] = [];

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#chunks.push(Buffer.from(chunk));
    done();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout as it is. */
  readonly bytes: Buffer;
}

export interface CommandOptions {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  /** Called with everything on stdout so far, whenever there is more. */
  readonly onStdout?: (text: string) => void;
}

/** Runs a command line in this process, with streams that remember what was written. */
export async function tensorplan(argv: readonly string[], options: CommandOptions = {}): Promise<Outcome> {
  const stdout = new Capture();
  const stderr = new Capture();
  const write = stdout.write.bind(stdout);
  stdout.write = ((chunk: Buffer | string, ...rest: []) => {
    const more = write(chunk, ...rest);
    options.onStdout?.(stdout.bytes.toString());
    return more;
  }) as typeof stdout.write;
  const code = await runCli(argv, {
    stdin: Readable.from(options.stdin === undefined ? [] : [options.stdin]),
    stdout,
    stderr,
    // A run that differs from its plan is an error here, not a warning.
    env: { TENSORPLAN_STRICT: "1", ...options.env },
    signal: options.signal ?? new AbortController().signal,
  });
  return { code, stdout: stdout.bytes.toString(), stderr: stderr.bytes.toString(), bytes: stdout.bytes };
}

/** A folder that is removed after the tests of a file. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "tensorplan-cli-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export const reference = (name: string): string => new URL(`../reference/${name}`, import.meta.url).pathname;
