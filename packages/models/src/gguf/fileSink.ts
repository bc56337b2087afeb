import type { FileHandle } from "node:fs/promises";

/**
 * Appends to a file in large writes. Two buffers: while one is on its way to the disk, the other is filled, so a producer that computes
 * keeps the disk busy. Data can be made straight in a buffer (`space`, then `advance`) or copied in (`append`); large chunks are
 * written from where they are.
 */
export class FileSink {
  readonly #handle: FileHandle;
  readonly #size: number;
  #buffer: Buffer;
  #spare: Buffer;
  #filled = 0;
  #position = 0;
  #pending: Promise<void> = Promise.resolve();

  constructor(handle: FileHandle, bufferBytes: number) {
    this.#handle = handle;
    this.#size = bufferBytes;
    this.#buffer = Buffer.allocUnsafe(bufferBytes);
    this.#spare = Buffer.allocUnsafe(bufferBytes);
  }

  /** Bytes appended so far. */
  get length(): number {
    return this.#position + this.#filled;
  }

  /** A part of the buffer of `bytes` bytes, at most the buffer's size, to be filled before `advance`. */
  async space(bytes: number): Promise<Uint8Array> {
    if (this.#filled + bytes > this.#size) await this.#swap();
    return this.#buffer.subarray(this.#filled, this.#filled + bytes);
  }

  advance(bytes: number): void {
    this.#filled += bytes;
  }

  async append(bytes: Uint8Array): Promise<void> {
    if (bytes.length < this.#size / 4) {
      const space = await this.space(bytes.length);
      space.set(bytes);
      this.advance(bytes.length);
      return;
    }
    // The caller may reuse its chunk after this returns, so it is waited for.
    await this.#swap();
    await this.#pending;
    await this.#write(bytes, this.#position);
    this.#position += bytes.length;
  }

  async zeros(count: number): Promise<void> {
    for (let left = count; left > 0; ) {
      const step = Math.min(left, this.#size);
      (await this.space(step)).fill(0);
      this.advance(step);
      left -= step;
    }
  }

  /** Waits until all is handed to the operating system. */
  async flush(): Promise<void> {
    await this.#swap();
    await this.#pending;
  }

  /** Waits for the write under way without looking at its result: used when giving up. */
  async settle(): Promise<void> {
    await this.#pending.catch(() => {});
  }

  async #swap(): Promise<void> {
    await this.#pending;
    if (this.#filled === 0) return;
    const full = this.#buffer.subarray(0, this.#filled);
    this.#pending = this.#write(full, this.#position);
    // A failure is reported by the next call that waits; until then it isn't unhandled.
    this.#pending.catch(() => {});
    this.#position += this.#filled;
    this.#filled = 0;
    [this.#buffer, this.#spare] = [this.#spare, this.#buffer];
  }

  async #write(bytes: Uint8Array, position: number): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      const { bytesWritten } = await this.#handle.write(
        bytes,
        at,
        Math.min(bytes.length - at, 2 ** 30),
        position + at,
      );
      at += bytesWritten;
    }
  }
}
