/** A stream to write to; `isTTY` tells a terminal from a file or a pipe. */
export type CliStream = NodeJS.WritableStream & { readonly isTTY?: boolean; readonly columns?: number };

/** All that a command may touch of the process it runs in: tests bring their own. */
export interface CliContext {
  readonly stdin: NodeJS.ReadableStream;
  /** Results only. */
  readonly stdout: CliStream;
  /** Everything that is said about them. */
  readonly stderr: CliStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
}

/** Exit codes: success, an error of the work itself, a mistake on the command line, Ctrl-C. */
export const exitCodes = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;
