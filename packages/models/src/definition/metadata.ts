import { TensorplanError } from "@tensorplan/ir";
import type { GgufMetadata } from "../gguf/ggufValue.ts";

export type Metadata = GgufMetadata;

/** Reads an architecture's hyperparameters: keys `<architecture>.<key>` of a file's metadata. */
export class HyperparameterReader {
  readonly #metadata: Metadata;
  readonly architecture: string;

  constructor(metadata: Metadata, architecture: string) {
    this.#metadata = metadata;
    this.architecture = architecture;
  }

  /** @throws TensorplanError `model/metadata-missing` when the key is absent */
  count(key: string): number {
    const value = this.optionalCount(key);
    if (value === undefined) this.#missing(key);
    return value;
  }

  /** A whole number ≥ 0. @throws TensorplanError `model/metadata-invalid` */
  optionalCount(key: string): number | undefined {
    const value = this.optionalNumber(key);
    if (value !== undefined && (!Number.isSafeInteger(value) || value < 0)) {
      this.#invalid(key, value, "a whole number from 0");
    }
    return value;
  }

  number(key: string): number {
    const value = this.optionalNumber(key);
    if (value === undefined) this.#missing(key);
    return value;
  }

  optionalNumber(key: string): number | undefined {
    const value = this.#get(key);
    if (value === undefined) return undefined;
    const number = typeof value === "bigint" ? Number(value) : value;
    if (typeof number !== "number" || !Number.isFinite(number)) this.#invalid(key, value, "a finite number");
    return number;
  }

  optionalString(key: string): string | undefined {
    const value = this.#get(key);
    if (value !== undefined && typeof value !== "string") this.#invalid(key, value, "a string");
    return value;
  }

  optionalBoolean(key: string): boolean | undefined {
    const value = this.#get(key);
    if (value !== undefined && typeof value !== "boolean") this.#invalid(key, value, "a boolean");
    return value;
  }

  invalid(key: string, value: unknown, expected: string): never {
    return this.#invalid(key, value, expected);
  }

  #get(key: string): unknown {
    return this.#metadata.get(`${this.architecture}.${key}`)?.value;
  }

  #missing(key: string): never {
    throw new TensorplanError({
      code: "model/metadata-missing",
      message: `the file has no '${this.architecture}.${key}', which every ${this.architecture} model needs`,
      hint: "the file is incomplete or was made for another architecture: convert the model again",
    });
  }

  #invalid(key: string, value: unknown, expected: string): never {
    const shown = Array.isArray(value) ? "an array" : String(value);
    throw new TensorplanError({
      code: "model/metadata-invalid",
      message: `'${this.architecture}.${key}' is ${shown}; it must be ${expected}`,
      hint: "the file is damaged or was made by a converter that Tensorplan doesn't know",
    });
  }
}
