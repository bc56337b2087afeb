import { TensorplanError } from "@tensorplan/ir";

/**
 * Hands out the pages of a cache pool. A page may belong to several sequences (a shared prefix); it returns to the pool when the last one
 * lets go. The lowest free page is handed out first, so the same calls give the same pages.
 */
export class PagePool {
  readonly #owners: Uint32Array;
  #free: number;

  constructor(pages: number) {
    this.#owners = new Uint32Array(pages);
    this.#free = pages;
  }

  get pages(): number {
    return this.#owners.length;
  }

  get free(): number {
    return this.#free;
  }

  /** @throws TensorplanError `engine/cache-full` when no page is left */
  take(): number {
    const page = this.#owners.indexOf(0);
    if (page === -1) {
      throw new TensorplanError({
        code: "engine/cache-full",
        message: `all ${this.pages} pages of the KV cache are in use`,
        hint: "dispose or truncate sequences, or make the cache larger (context length, number of sequences)",
      });
    }
    this.#owners[page] = 1;
    this.#free -= 1;
    return page;
  }

  share(page: number): void {
    this.#owners[page] = this.ownersOf(page) + 1;
  }

  release(page: number): void {
    const left = this.ownersOf(page) - 1;
    if (left < 0) throw new RangeError(`page ${page} was released more often than taken`);
    this.#owners[page] = left;
    if (left === 0) this.#free += 1;
  }

  ownersOf(page: number): number {
    return this.#owners[page] ?? 0;
  }
}
