import { inspect } from "node:util";
import type { CliContext } from "../cliContext.ts";
import { coloursFor } from "./colours.ts";
import { writeTo } from "./streams.ts";

/** Says what went wrong: an error of ours with what to do about it, anything else as the bug that it is. */
export async function reportError(error: unknown, { stderr, env }: CliContext): Promise<void> {
  const { TensorplanError } = await import("@tensorplan/ir");
  const colours = coloursFor(stderr, env);
  const stack = error instanceof Error ? (error.stack ?? error.message) : inspect(error);
  if (error instanceof TensorplanError) {
    const [first = "", ...rest] = error.format().split("\n");
    const head = first.replace(/^error\[[^\]]*\]/, (code) => colours.red(code));
    await writeTo(stderr, `${[head, ...rest].join("\n")}\n`);
    if (env.TENSORPLAN_DEBUG) await writeTo(stderr, `${stack}\n${causesOf(error)}`);
    return;
  }
  const message = error instanceof Error ? error.message : inspect(error);
  if (isCoded(error)) {
    await writeTo(stderr, `${colours.red(`error[${error.code}]`)}: ${message}\n`);
    if (typeof error.hint === "string") await writeTo(stderr, `  hint  ${error.hint}\n`);
    if (env.TENSORPLAN_DEBUG) await writeTo(stderr, `${stack}\n${causesOf(error)}`);
    return;
  }
  await writeTo(
    stderr,
    `${colours.red("error[bug]")}: ${message}\n  this should not happen: it is a bug in Tensorplan\n`,
  );
  await writeTo(
    stderr,
    env.TENSORPLAN_DEBUG
      ? `${stack}\n${causesOf(error)}`
      : "  hint  run it again with TENSORPLAN_DEBUG=1 to see where, and report that\n",
  );
}

/** An error that a plug-in raised on purpose: backends need none of our classes, only a code such as `acme/out-of-memory`. */
const isCoded = (error: unknown): error is Error & { readonly code: string; readonly hint?: unknown } =>
  error instanceof Error &&
  "code" in error &&
  typeof error.code === "string" &&
  /^[a-z][a-z0-9-]*\/[a-z-]+$/.test(error.code);

function causesOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause === undefined) return "";
  return `caused by ${cause instanceof Error ? (cause.stack ?? cause.message) : inspect(cause)}\n${causesOf(cause)}`;
}
