/** One fact that an error reports: a name and a value that prints well. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean | readonly (string | number)[]>>;

export interface ErrorParts {
  /** Stable kebab-case identifier, e.g. `matmul/inner-axis`; scripts and tests match on it. */
  readonly code: string;
  /** One sentence: what is wrong, naming the thing that caused it. */
  readonly message: string;
  /** One sentence: what the reader can do about it. */
  readonly hint?: string | undefined;
  readonly details?: ErrorDetails | undefined;
  readonly cause?: unknown;
}

/** Every error that Tensorplan raises on purpose. Anything else that escapes is a bug. */
export class TensorplanError extends Error {
  override readonly name = "TensorplanError";
  readonly code: string;
  readonly hint: string | undefined;
  readonly details: ErrorDetails;

  constructor(parts: ErrorParts) {
    super(parts.message, parts.cause === undefined ? undefined : { cause: parts.cause });
    this.code = parts.code;
    this.hint = parts.hint;
    this.details = parts.details ?? {};
  }

  /** The whole text that a person reads: message, details one a line, hint. */
  format(): string {
    const lines = [`error[${this.code}]: ${this.message}`];
    for (const [name, value] of Object.entries(this.details)) {
      lines.push(`  ${name}  ${Array.isArray(value) ? value.join(", ") : String(value)}`);
    }
    if (this.hint !== undefined) lines.push(`  hint  ${this.hint}`);
    return lines.join("\n");
  }
}
