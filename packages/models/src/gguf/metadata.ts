import { ggufError, quoted } from "./ggufError.ts";
import type { GgufMetadata, GgufType, GgufValue } from "./ggufValue.ts";

/**
 * Typed look-ups in a file's metadata. A missing key is an error that names the key (or undefined, by the `optional…` methods); so is a
 * value of another type. Integers of any width answer `integer`, when they are exact as a number.
 */
export class MetadataReader {
  readonly metadata: GgufMetadata;
  constructor(metadata: GgufMetadata) {
    this.metadata = metadata;
  }

  has(key: string): boolean {
    return this.metadata.has(key);
  }

  optionalInteger(key: string): number | undefined {
    const entry = this.metadata.get(key);
    if (entry === undefined) return undefined;
    const value = typeof entry.value === "bigint" ? Number(entry.value) : entry.value;
    if (entry.type === "f32" || entry.type === "f64" || !Number.isSafeInteger(value))
      throw wrong(key, entry, "an integer");
    return value as number;
  }

  optionalNumber(key: string): number | undefined {
    const entry = this.metadata.get(key);
    if (entry === undefined) return undefined;
    const value = typeof entry.value === "bigint" ? Number(entry.value) : entry.value;
    if (typeof value !== "number") throw wrong(key, entry, "a number");
    return value;
  }

  optionalBoolean(key: string): boolean | undefined {
    const entry = this.metadata.get(key);
    if (entry === undefined || entry.type === "bool") return entry?.value;
    throw wrong(key, entry, "true or false");
  }

  optionalString(key: string): string | undefined {
    const entry = this.metadata.get(key);
    if (entry === undefined || entry.type === "string") return entry?.value;
    throw wrong(key, entry, "a string");
  }

  optionalStrings(key: string): readonly string[] | undefined {
    const entry = this.metadata.get(key);
    if (entry === undefined) return undefined;
    if (entry.type === "array" && entry.of === "string") return entry.value;
    throw wrong(key, entry, "an array of strings");
  }

  /** An array of integers or floats, as numbers. */
  optionalNumbers(key: string): ArrayLike<number> | undefined {
    const entry = this.metadata.get(key);
    if (entry === undefined) return undefined;
    if (entry.type !== "array") throw wrong(key, entry, "an array of numbers");
    switch (entry.of) {
      case "u64":
      case "i64":
        return Array.from(entry.value as Iterable<bigint>, Number);
      case "bool":
      case "string":
      case "array":
        throw wrong(key, entry, "an array of numbers");
      default:
        return entry.value;
    }
  }

  integer(key: string): number {
    return this.optionalInteger(key) ?? missing(key);
  }

  number(key: string): number {
    return this.optionalNumber(key) ?? missing(key);
  }

  boolean(key: string): boolean {
    return this.optionalBoolean(key) ?? missing(key);
  }

  string(key: string): string {
    return this.optionalString(key) ?? missing(key);
  }

  strings(key: string): readonly string[] {
    return this.optionalStrings(key) ?? missing(key);
  }

  numbers(key: string): ArrayLike<number> {
    return this.optionalNumbers(key) ?? missing(key);
  }
}

function missing(key: string): never {
  throw ggufError(
    "missing-key",
    `the file has no metadata ${quoted(key)}`,
    "this model needs it: convert the model again with a current converter",
    { key },
  );
}

const wrong = (key: string, entry: GgufValue, wanted: string) =>
  ggufError(
    "wrong-type",
    `metadata ${quoted(key)} should be ${wanted} and is ${describe(entry)}`,
    "convert the model again with a current converter",
    { key },
  );

const typeNames: Readonly<Record<GgufType, string>> = {
  u8: "an 8-bit integer",
  i8: "an 8-bit integer",
  u16: "a 16-bit integer",
  i16: "a 16-bit integer",
  u32: "a 32-bit integer",
  i32: "a 32-bit integer",
  u64: "a 64-bit integer",
  i64: "a 64-bit integer",
  f32: "a 32-bit float",
  f64: "a 64-bit float",
  bool: "a boolean",
  string: "a string",
  array: "an array",
};

const describe = (entry: GgufValue): string =>
  entry.type === "array"
    ? `an array of ${entry.of}`
    : entry.type === "string"
      ? `the string ${quoted(entry.value)}`
      : `${typeNames[entry.type]}, ${entry.value}`;
