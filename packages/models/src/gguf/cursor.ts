import { ggufError } from "./ggufError.ts";

/** Thrown when the bytes read so far end before the header does, although the file goes on. Never leaves this folder. */
export class NeedMoreBytes extends Error {
  /** The file must be read at least up to here. */
  readonly upTo: number;
  constructor(upTo: number) {
    super("header continues past the bytes read so far");
    this.upTo = upTo;
  }
}

/**
 * Walks the first bytes of a file without ever looking past them. A length is compared with what is left of the whole file before it is
 * believed, so a hostile file can't make us read, loop or allocate beyond its own size.
 */
export class Cursor {
  readonly bytes: Uint8Array;
  readonly fileSize: number;
  position = 0;
  readonly #view: DataView;

  /** @param bytes the file's first bytes; @param fileSize bytes of the whole file */
  constructor(bytes: Uint8Array, fileSize: number) {
    this.bytes = bytes;
    this.fileSize = fileSize;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Steps over `count` bytes that `what` needs, and returns where they start. */
  take(count: number, what: string): number {
    const start = this.position;
    const end = start + count;
    if (end > this.fileSize) {
      throw ggufError(
        "truncated",
        `the file ends inside ${what}: ${count} bytes are needed at byte ${start}, the file has ${this.fileSize}`,
        "the file is cut short or damaged: download or convert it again",
        { offset: start, needed: count, fileSize: this.fileSize },
      );
    }
    if (end > this.bytes.length) throw new NeedMoreBytes(end);
    this.position = end;
    return start;
  }

  u32(what: string): number {
    return this.#view.getUint32(this.take(4, what), true);
  }

  /** A u64 that must be exact as a number; larger ones are an error naming `what`. */
  count(what: string): number {
    const at = this.take(8, what);
    const low = this.#view.getUint32(at, true);
    const high = this.#view.getUint32(at + 4, true);
    if (high >= 0x20_0000) {
      throw ggufError(
        "count",
        `${what} is ${this.#view.getBigUint64(at, true)}, more than any file can hold`,
        "the file is damaged: download or convert it again",
        { offset: at },
      );
    }
    return high * 0x1_0000_0000 + low;
  }

  /** Steps over a length-prefixed string and returns where its bytes are. `lengthOf` spares a caller with many the naming of each. */
  string(
    what: string,
    limit: number,
    lengthOf = `the length of ${what}`,
  ): { readonly start: number; readonly end: number } {
    const length = this.count(lengthOf);
    if (length > limit) {
      throw ggufError(
        "string-length",
        `${what} claims ${length} bytes, more than the ${limit} allowed`,
        "the file is damaged, or not made for language models",
        { offset: this.position - 8, length },
      );
    }
    const start = this.take(length, what);
    return { start, end: start + length };
  }
}
