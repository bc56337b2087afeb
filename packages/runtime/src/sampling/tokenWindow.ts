/** The tokens that the penalties look at, counted: the last `size`, or all of them if `size` is -1. */
export class TokenWindow {
  readonly size: number;
  readonly #counts: Map<number, number>;
  readonly #ring: Int32Array;
  #next = 0;
  #filled = 0;

  constructor(size: number) {
    this.size = size;
    this.#counts = new Map();
    this.#ring = new Int32Array(Math.max(size, 0));
  }

  push(token: number): void {
    if (this.size === 0) return;
    this.#counts.set(token, (this.#counts.get(token) ?? 0) + 1);
    if (this.size < 0) return;
    if (this.#filled === this.size) this.#forget(this.#ring[this.#next] as number);
    else this.#filled++;
    this.#ring[this.#next] = token;
    this.#next = this.#next + 1 === this.size ? 0 : this.#next + 1;
  }

  /** Calls `visit` once for each distinct token, oldest first seen first. */
  forEach(visit: (count: number, token: number) => void): void {
    this.#counts.forEach(visit);
  }

  clear(): void {
    this.#counts.clear();
    this.#next = 0;
    this.#filled = 0;
  }

  clone(): TokenWindow {
    const copy = new TokenWindow(this.size);
    this.#counts.forEach((count, token) => {
      copy.#counts.set(token, count);
    });
    copy.#ring.set(this.#ring);
    copy.#next = this.#next;
    copy.#filled = this.#filled;
    return copy;
  }

  #forget(token: number): void {
    const left = (this.#counts.get(token) as number) - 1;
    if (left === 0) this.#counts.delete(token);
    else this.#counts.set(token, left);
  }
}
