import { type ErrorDetails, TensorplanError } from "@tensorplan/ir";

/** An error about a GGUF file; `rule` becomes the code `gguf/<rule>`. */
export const ggufError = (
  rule: string,
  message: string,
  hint: string,
  details?: ErrorDetails,
  cause?: unknown,
): TensorplanError => new TensorplanError({ code: `gguf/${rule}`, message, hint, details, cause });

/** A name from a file, safe to print: quoted, control characters escaped, long ones cut. */
export const quoted = (name: string): string =>
  JSON.stringify(name.length > 80 ? `${name.slice(0, 77)}...` : name);

/** The `code` of a Node system error, such as `ENOENT`. */
export const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
