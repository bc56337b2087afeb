import { createCipheriv, createHash } from "node:crypto";

const BLOCK = 16;
const CHUNK = new Uint8Array(65_536);

/**
 * Random bytes that depend only on a seed, a name and a position: the key stream of AES in counter mode, which every Node version makes
 * alike, at gigabytes a second, from any position.
 */
export class RandomStream {
  readonly #key: Uint8Array;
  readonly #start: bigint;

  constructor(seed: number, name: string) {
    const digest = createHash("sha256").update(`${seed}\n${name}`).digest();
    this.#key = digest.subarray(0, 16);
    this.#start = digest.readBigUInt64BE(16);
  }

  /** `count` 16-bit numbers from the `first`th on. */
  words(first: number, count: number): Uint16Array {
    const skip = (first * 2) % BLOCK;
    const counter = new Uint8Array(BLOCK);
    const view = new DataView(counter.buffer);
    view.setBigUint64(0, this.#start);
    view.setBigUint64(8, BigInt((first * 2 - skip) / BLOCK));
    const cipher = createCipheriv("aes-128-ctr", this.#key, counter);
    const bytes = new Uint8Array(skip + count * 2);
    for (let at = 0; at < bytes.length; at += CHUNK.length) {
      bytes.set(cipher.update(CHUNK.subarray(0, Math.min(CHUNK.length, bytes.length - at))), at);
    }
    return littleEndianWords(bytes.subarray(skip));
  }
}

function littleEndianWords(bytes: Uint8Array): Uint16Array {
  const aligned = bytes.byteOffset % 2 === 0 ? bytes : bytes.slice();
  return new Uint16Array(aligned.buffer, aligned.byteOffset, aligned.length / 2);
}
