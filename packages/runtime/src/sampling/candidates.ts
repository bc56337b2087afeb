import { largest, tiesWith } from "./heap.ts";
import { samplingError } from "./samplerError.ts";
import { nextAtLeast } from "./scan.ts";

/** The length for a scratch array that must hold `length`: twice the old one, up to a point, so that few steps grow it. */
const sized = (length: number, old: number): number => Math.max(length, Math.min(old * 2, 1 << 18));

/**
 * The tokens that may still be picked at one step, and their logits; every sampler works on this in place.
 *
 * Candidates stay in ascending token order: taking tokens out never reorders. Hence a tie between equal logits
 * goes to the lower id everywhere, lookups are binary, and nothing sorts the whole vocabulary. Logits are widened to
 * f64: options are limited to the range of f32, so no chain of steps overflows. One object serves all steps;
 * arrays grow once.
 */
export class Candidates {
  /** Tokens that the step started with. While `count === vocab`, a token's position is its id. */
  vocab = 0;
  /** Candidates left: positions 0 … count-1 of `ids`, `logits` and (after `softmax`) `probs` are in use. */
  count = 0;
  ids: Int32Array = new Int32Array(0);
  logits: Float64Array = new Float64Array(0);
  probs: Float64Array = new Float64Array(0);
  #numbers: Float64Array = new Float64Array(0);
  #positions: Int32Array = new Int32Array(0);
  #marks: Uint8Array = new Uint8Array(0);
  /** Positions of `ids` below this may differ from the identity. */
  #dirty = 0;

  /** Makes room for `vocab` candidates with ids 0 … vocab-1; the caller fills `logits`. */
  begin(vocab: number): void {
    if (this.ids.length < vocab) {
      this.ids = new Int32Array(vocab);
      this.logits = new Float64Array(vocab);
      this.#dirty = vocab;
    }
    const ids = this.ids;
    for (let i = 0; i < this.#dirty; i++) ids[i] = i;
    this.#dirty = 0;
    this.vocab = vocab;
    this.count = vocab;
  }

  /** @param source f32[vocab], not changed; NaN and +Infinity are refused */
  load(source: Float32Array): void {
    this.begin(source.length);
    const logits = this.logits;
    for (let i = 0; i < source.length; i++) {
      const v = source[i] as number;
      // False for NaN too: one comparison a logit checks for both.
      if (!(v < Infinity)) throw badLogit(v, i);
      logits[i] = v;
    }
  }

  /**
   * The same as `load`, then keeping the `k` most likely, with the ties that this entails; but the logits that don't stay
   * are read twice and copied nowhere.
   */
  loadBest(source: Float32Array, k: number): void {
    const vocab = source.length;
    if (k >= vocab) {
      this.load(source);
      return;
    }
    const heap = this.numbers(k);
    largest(source, vocab, k, heap);
    const threshold = heap[0] as number;
    let spare = tiesWith(heap, k, threshold);
    this.begin(vocab);
    const { ids, logits } = this;
    let kept = 0;
    for (
      let i = nextAtLeast(source, 0, vocab, threshold);
      i < vocab;
      i = nextAtLeast(source, i + 1, vocab, threshold)
    ) {
      const v = source[i] as number;
      if (!(v < Infinity)) {
        this.#dirty = vocab;
        throw badLogit(v, i);
      }
      if (v === threshold && spare-- <= 0) continue;
      ids[kept] = i;
      logits[kept++] = v;
    }
    this.#shrink(kept);
  }

  /** One candidate and no others. */
  loadOne(token: number, logit: number): void {
    this.begin(1);
    this.vocab = token + 1;
    this.ids[0] = token;
    this.logits[0] = logit;
    this.#shrink(1);
    this.softmax();
  }

  /** Where a token is among the candidates, or -1. */
  positionOf(token: number): number {
    if (this.count === this.vocab) return token < this.vocab ? token : -1;
    const ids = this.ids;
    let low = 0;
    let high = this.count;
    while (low < high) {
      const mid = (low + high) >>> 1;
      if ((ids[mid] as number) < token) low = mid + 1;
      else high = mid;
    }
    return low < this.count && ids[low] === token ? low : -1;
  }

  /** The largest logit; an error if no token is possible. */
  maxLogit(): number {
    const { count, logits } = this;
    let max = -Infinity;
    for (let i = 0; i < count; i++) {
      const v = logits[i] as number;
      if (v > max) max = v;
    }
    if (max === -Infinity) throw noCandidates();
    return max;
  }

  /** Fills `probs` with the probabilities of the candidates, or of as many other logits, and returns it. */
  softmax(logits: Float64Array = this.logits): Float64Array {
    const max = this.maxLogit();
    const count = this.count;
    if (this.probs.length < count) this.probs = new Float64Array(sized(count, this.probs.length));
    const probs = this.probs;
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const p = Math.exp((logits[i] as number) - max);
      probs[i] = p;
      sum += p;
    }
    for (let i = 0; i < count; i++) probs[i] = (probs[i] as number) / sum;
    return probs;
  }

  /** Keeps what is above `threshold`, and the first `ties` equal to it. Impossible tokens never stay. */
  keepBest(threshold: number, ties: number): void {
    const { count, ids, logits } = this;
    let spare = threshold === -Infinity ? 0 : ties;
    let kept = 0;
    for (
      let i = nextAtLeast(logits, 0, count, threshold);
      i < count;
      i = nextAtLeast(logits, i + 1, count, threshold)
    ) {
      const v = logits[i] as number;
      if (v === threshold && spare-- <= 0) continue;
      ids[kept] = ids[i] as number;
      logits[kept++] = v;
    }
    this.#shrink(kept);
  }

  /** Keeps the candidates whose mark is set; see `clearedMarks`. */
  keepMarked(marks: Uint8Array): void {
    const { count, ids, logits } = this;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      if (marks[i] === 0) continue;
      ids[kept] = ids[i] as number;
      logits[kept++] = logits[i] as number;
    }
    this.#shrink(kept);
  }

  /** Keeps the candidate at one position. */
  keepOnly(position: number): void {
    this.ids[0] = this.ids[position] as number;
    this.logits[0] = this.logits[position] as number;
    this.#shrink(1);
  }

  /** Scratch numbers for one sampler, at least `length` long, with anything in them. */
  numbers(length: number): Float64Array {
    if (this.#numbers.length < length) this.#numbers = new Float64Array(sized(length, this.#numbers.length));
    return this.#numbers;
  }

  /** Scratch positions for one sampler, at least `length` long, with anything in them. */
  positions(length: number): Int32Array {
    if (this.#positions.length < length)
      this.#positions = new Int32Array(sized(length, this.#positions.length));
    return this.#positions;
  }

  /** One zeroed mark for each candidate. */
  clearedMarks(): Uint8Array {
    if (this.#marks.length < this.count) this.#marks = new Uint8Array(sized(this.count, this.#marks.length));
    return this.#marks.fill(0, 0, this.count);
  }

  #shrink(kept: number): void {
    if (kept === 0) throw noCandidates();
    this.count = kept;
    this.#dirty = Math.max(this.#dirty, kept);
  }
}

export function badLogit(value: number, token: number): Error {
  return samplingError(
    "sampler/bad-logits",
    `the logit of token ${token} is ${value}`,
    "the model's output is broken at this step: run with TENSORPLAN_DEBUG=values to find the first bad tensor",
  );
}

export function noCandidates(): Error {
  return samplingError(
    "sampler/no-candidates",
    "no token can be picked: every logit is -Infinity",
    "check --logit-bias (a bias of -inf bans a token) and the model's output",
  );
}
