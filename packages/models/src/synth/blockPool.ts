import { dtypes, type StorageDType } from "@tensorplan/ir";
import { RandomStream } from "./randomStream.ts";

/** Blocks to choose from: a power of two, so that 16 random bits choose evenly. */
const PLAIN_VALUES = 65_536;
const BLOCKS = 1024;

/**
 * Encoded blocks of normal random values of one deviation. Filling a tensor with blocks drawn from a pool costs a copy each, whatever the
 * type; rows of it never repeat, since each is hundreds of independent draws. Every second block is the one before it negated, so that
 * the pool has mean zero: a common mean would grow from layer to layer until all tokens look alike.
 */
export class BlockPool {
  /** The encoded blocks, one after another. */
  readonly #bytes: Uint8Array;
  readonly #blockBytes: number;
  readonly #mask: number;
  readonly blockSize: number;

  constructor(type: StorageDType, deviation: number, seed: number) {
    const { blockSize, blockBytes, encode } = dtypes[type];
    const blocks = blockSize === 1 ? PLAIN_VALUES : BLOCKS;
    const values = normalValues((blocks * blockSize) / 2, new RandomStream(seed, `pool of ${type}`));
    const all = new Float32Array(blocks * blockSize);
    for (let i = 0; i < values.length; i++) {
      const block = Math.floor(i / blockSize);
      const within = i % blockSize;
      const value = (values[i] as number) * deviation;
      all[2 * block * blockSize + within] = value;
      all[(2 * block + 1) * blockSize + within] = -value;
    }
    this.#bytes = new Uint8Array(blocks * blockBytes);
    encode(all, this.#bytes, blockSize);
    this.#blockBytes = blockBytes;
    this.#mask = blocks - 1;
    this.blockSize = blockSize;
  }

  /** Fills `into`, whole blocks of a tensor from byte `offset` on, with blocks drawn by `random`. */
  fill(into: Uint8Array, offset: number, random: RandomStream): void {
    const draws = random.words(offset / this.#blockBytes, into.length / this.#blockBytes);
    if (into.byteOffset % 4 === 0 && this.#blockBytes === 4) {
      this.#copy(
        new Uint32Array(into.buffer, into.byteOffset, into.length / 4),
        new Uint32Array(this.#bytes.buffer),
        draws,
      );
    } else if (into.byteOffset % 2 === 0 && this.#blockBytes % 2 === 0) {
      this.#copy(
        new Uint16Array(into.buffer, into.byteOffset, into.length / 2),
        new Uint16Array(this.#bytes.buffer),
        draws,
      );
    } else {
      this.#copy(into, this.#bytes, draws);
    }
  }

  /** Copies in the largest units that the addresses allow: most of the time of writing a file is spent here. */
  #copy<T extends Uint8Array | Uint16Array | Uint32Array>(into: T, pool: T, draws: Uint16Array): void {
    const mask = this.#mask;
    const units = this.#blockBytes / into.BYTES_PER_ELEMENT;
    if (units === 1) {
      for (let i = 0; i < draws.length; i++) into[i] = pool[(draws[i] as number) & mask] as number;
      return;
    }
    let to = 0;
    for (let i = 0; i < draws.length; i++) {
      let from = ((draws[i] as number) & mask) * units;
      for (const end = to + units; to < end; to++, from++) into[to] = pool[from] as number;
    }
  }
}

/** Values of mean 0 and deviation 1: sums of twelve even draws, which are exact, so that every machine finds the same. */
function normalValues(count: number, random: RandomStream): Float32Array {
  const values = new Float32Array(count);
  const draws = random.words(0, count * 12);
  for (let i = 0; i < count; i++) {
    let sum = 0;
    for (let j = 0; j < 12; j++) sum += (draws[i * 12 + j] as number) + 0.5;
    values[i] = sum / 65_536 - 6;
  }
  return values;
}
