const mask64 = (1n << 64n) - 1n;

/** One step of splitmix64: spreads a small seed over 64 bits, so that seeds 1 and 2 start far apart. */
function* splitmix64(seed: bigint): Generator<bigint, never> {
  for (let state = seed & mask64; ; ) {
    state = (state + 0x9e3779b97f4a7c15n) & mask64;
    let z = state;
    z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & mask64;
    z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & mask64;
    yield z ^ (z >> 31n);
  }
}

const rotl = (x: number, k: number): number => (x << k) | (x >>> (32 - k));

/**
 * xoshiro128** 1.1 (Blackman and Vigna, "Scrambled linear pseudorandom number generators", 2021): 128 bits of
 * state, period 2^128 - 1, and only 32-bit integer arithmetic, so every engine draws the same sequence.
 * State words: the low and high halves of splitmix64's first two outputs.
 */
export class Random {
  readonly #state: Uint32Array;

  private constructor(state: Uint32Array) {
    this.#state = state;
  }

  /** @param seed integer, 0 … 2^53-1 */
  static fromSeed(seed: number): Random {
    const words = splitmix64(BigInt(seed));
    const a = words.next().value;
    const b = words.next().value;
    return new Random(Uint32Array.of(...[a, a >> 32n, b, b >> 32n].map((w) => Number(w & 0xffffffffn))));
  }

  /** For published test vectors. Not all four words may be 0. */
  static fromState(a: number, b: number, c: number, d: number): Random {
    return new Random(Uint32Array.of(a, b, c, d));
  }

  /** The next 32 bits, as an unsigned integer. */
  next(): number {
    const s = this.#state;
    const s1 = s[1] as number;
    const result = Math.imul(rotl(Math.imul(s1, 5), 7), 9) >>> 0;
    const s2 = (s[2] as number) ^ (s[0] as number);
    const s3 = (s[3] as number) ^ s1;
    s[1] = s1 ^ s2;
    s[0] = (s[0] as number) ^ s3;
    s[2] = s2 ^ (s1 << 9);
    s[3] = rotl(s3, 11);
    return result;
  }

  /** Uniform in [0, 1), a multiple of 2^-53 (two draws of `next`). */
  uniform(): number {
    const high = this.next() >>> 5;
    const low = this.next() >>> 6;
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  clone(): Random {
    return new Random(this.#state.slice());
  }
}

/** A seed for when the user named none: 53 bits from the system. */
export function chooseSeed(): number {
  const words = crypto.getRandomValues(new Uint32Array(2));
  return ((words[0] as number) >>> 11) * 2 ** 32 + (words[1] as number);
}
