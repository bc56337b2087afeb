import { Cursor } from "./cursor.ts";
import { ggufError, quoted } from "./ggufError.ts";
import { fixedSize, type GgufType, ggufTypes } from "./ggufValue.ts";

/** Where one metadata entry lies in the header bytes. */
export interface EntrySpan {
  readonly key: string;
  readonly type: GgufType;
  /** The key's length field, where the whole entry begins. */
  readonly start: number;
  /** The value, after the type id. */
  readonly valueStart: number;
  readonly end: number;
}

/** One row of the tensor table as the file states it: sizes fastest axis first, offset from the start of the data. */
export interface TensorEntry {
  readonly name: string;
  readonly sizes: readonly number[];
  readonly typeId: number;
  readonly offset: number;
}

export interface HeaderLayout {
  readonly version: 2 | 3;
  readonly entries: readonly EntrySpan[];
  readonly tensors: readonly TensorEntry[];
  /** The first byte after the tensor table. */
  readonly end: number;
}

/** Far above any real model, far below what would hurt to allocate. */
const limits = {
  entries: 65_536,
  tensors: 1_048_576,
  name: 65_535,
  string: 10_000_000,
  nesting: 4,
  rank: 4,
  /** Strings and lists in all arrays together: each becomes an object many times the size that it has in the file. */
  arrayStrings: 4_194_304,
  arrayLists: 65_536,
};

/** How many strings and lists the arrays yet to come may hold. */
interface Allowance {
  strings: number;
  lists: number;
}

/**
 * Checks the structure of a GGUF header (magic, version, counts, lengths, nesting) against the size of the file, without decoding a
 * value. What passes can be decoded without further bounds checks.
 *
 * @param bytes the file's first bytes
 * @param fileSize bytes of the whole file
 * @throws NeedMoreBytes when `bytes` end before the header does
 * @throws TensorplanError `gguf/…`
 */
export function scanHeader(bytes: Uint8Array, fileSize: number): HeaderLayout {
  const cursor = new Cursor(bytes, fileSize);
  const version = readVersion(cursor);
  const tensorCount = boundedCount(cursor, "the number of tensors", limits.tensors, 24);
  const entryCount = boundedCount(cursor, "the number of metadata entries", limits.entries, 13);

  const entries: EntrySpan[] = [];
  const keys = new Set<string>();
  const allowance: Allowance = { strings: limits.arrayStrings, lists: limits.arrayLists };
  for (let i = 0; i < entryCount; i++) {
    const entry = scanEntry(cursor, i, allowance);
    if (keys.has(entry.key)) {
      throw ggufError(
        "duplicate-key",
        `metadata key ${quoted(entry.key)} stands twice in the file`,
        "the file is damaged or was edited wrongly: convert it again",
      );
    }
    keys.add(entry.key);
    entries.push(entry);
  }

  const tensors: TensorEntry[] = [];
  for (let i = 0; i < tensorCount; i++) tensors.push(scanTensor(cursor, i));
  return { version, entries, tensors, end: cursor.position };
}

function readVersion(cursor: Cursor): 2 | 3 {
  const at = cursor.take(4, "the magic number");
  const magic = cursor.bytes.subarray(at, at + 4);
  if (String.fromCharCode(...magic) !== "GGUF") {
    throw ggufError(
      "magic",
      `not a GGUF file: it starts with the bytes ${[...magic].map(hexByte).join(" ")} instead of "GGUF"`,
      "name a .gguf file; safetensors and PyTorch files have to be converted first",
    );
  }
  const version = cursor.u32("the version");
  if (version === 2 || version === 3) return version;
  if (version !== 0 && (version & 0xffff) === 0) {
    throw ggufError(
      "big-endian",
      "this GGUF file is big-endian, and only little-endian files can be read",
      "convert the model again without the big-endian option",
    );
  }
  throw ggufError(
    "version",
    `GGUF version ${version} isn't supported; versions 2 and 3 are`,
    version === 1 ? "convert the model again with a current converter" : "update, or convert the model again",
    { version },
  );
}

const hexByte = (byte: number): string => byte.toString(16).padStart(2, "0");

/** A count whose items take at least `itemBytes` each, so that the rest of the file bounds it. */
function boundedCount(cursor: Cursor, what: string, limit: number, itemBytes: number): number {
  const count = cursor.count(what);
  const room = Math.floor((cursor.fileSize - cursor.position) / itemBytes);
  if (count > Math.min(limit, room)) {
    throw ggufError(
      "count",
      `${what} is ${count}; ${Math.min(limit, room)} is the most that ${room < limit ? "fits into the rest of the file" : "can be read"}`,
      "the file is cut short or damaged: download or convert it again",
      { count, fileSize: cursor.fileSize },
    );
  }
  return count;
}

function scanEntry(cursor: Cursor, index: number, allowance: Allowance): EntrySpan {
  const start = cursor.position;
  const key = readName(cursor, `the key of metadata entry ${index}`);
  const type = readType(cursor, `metadata ${quoted(key)}`);
  const valueStart = cursor.position;
  skipValue(cursor, type, key, allowance);
  return { key, type, start, valueStart, end: cursor.position };
}

function readName(cursor: Cursor, what: string): string {
  const { start, end } = cursor.string(what, limits.name);
  return utf8.decode(cursor.bytes.subarray(start, end));
}

// A name that isn't UTF-8 keeps replacement characters: it can still be listed, and it matches nothing that a model asks for.
const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });

function readType(cursor: Cursor, what: string): GgufType {
  const id = cursor.u32(`the type of ${what}`);
  const type = ggufTypes[id];
  if (type !== undefined) return type;
  throw ggufError(
    "value-type",
    `${what} has the unknown value type ${id}`,
    "the file is damaged, or newer than this reader",
    { typeId: id, offset: cursor.position - 4 },
  );
}

function skipValue(cursor: Cursor, type: GgufType, key: string, allowance: Allowance): void {
  const size = fixedSize(type);
  if (size !== undefined) {
    cursor.take(size, `the value of ${quoted(key)}`);
  } else if (type === "string") {
    cursor.string(`the value of ${quoted(key)}`, limits.string);
  } else {
    skipArray(cursor, key, 0, allowance);
  }
}

function skipArray(cursor: Cursor, key: string, depth: number, allowance: Allowance): void {
  const what = `the array ${quoted(key)}`;
  if (depth >= limits.nesting) {
    throw ggufError(
      "nesting",
      `${what} is nested more than ${limits.nesting} deep`,
      "the file is damaged, or made to do harm",
      { offset: cursor.position },
    );
  }
  const type = readType(cursor, what);
  const size = fixedSize(type);
  const lengthOf = `the length of ${what}`;
  if (size !== undefined) {
    cursor.take(boundedCount(cursor, lengthOf, Number.POSITIVE_INFINITY, size) * size, what);
  } else if (type === "string") {
    const length = boundedCount(cursor, lengthOf, allowance.strings, 8);
    allowance.strings -= length;
    const itemLength = `the length of a string in ${what}`;
    for (let i = 0; i < length; i++) cursor.string(what, limits.string, itemLength);
  } else {
    const length = boundedCount(cursor, lengthOf, allowance.lists, 12);
    allowance.lists -= length;
    for (let i = 0; i < length; i++) skipArray(cursor, key, depth + 1, allowance);
  }
}

function scanTensor(cursor: Cursor, index: number): TensorEntry {
  const name = readName(cursor, `the name of tensor ${index}`);
  const what = `tensor ${quoted(name)}`;
  const rank = cursor.u32(`the rank of ${what}`);
  if (rank < 1 || rank > limits.rank) {
    throw ggufError(
      "rank",
      `${what} has ${rank} axes; 1 to ${limits.rank} are possible`,
      "the file is damaged: download or convert it again",
      { rank },
    );
  }
  const sizes: number[] = [];
  for (let axis = 0; axis < rank; axis++) sizes.push(cursor.count(`axis ${axis} of ${what}`));
  const typeId = cursor.u32(`the type of ${what}`);
  const offset = cursor.count(`the offset of ${what}`);
  return { name, sizes, typeId, offset };
}
