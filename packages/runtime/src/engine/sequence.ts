import { PAGE_ROWS, TensorplanError } from "@tensorplan/ir";
import type { PagePool } from "./pagePool.ts";

/** Copies one page's rows of every cache to another page. */
export type CopyPage = (from: number, to: number) => void;

/**
 * One stream of tokens and the cache pages that hold it. Full pages are shared between forks; the last, partly filled page is copied, so
 * no sequence ever writes to a page that another one reads.
 */
export class Sequence {
  readonly #pool: PagePool;
  readonly #copyPage: CopyPage;
  readonly #contextLength: number;
  readonly #pages: number[] = [];
  readonly #tokens: number[] = [];
  #disposed = false;

  constructor(pool: PagePool, contextLength: number, copyPage: CopyPage) {
    this.#pool = pool;
    this.#contextLength = contextLength;
    this.#copyPage = copyPage;
  }

  /** Tokens whose cache rows are in place. */
  get length(): number {
    return this.#tokens.length;
  }

  get tokens(): readonly number[] {
    return this.#tokens;
  }

  get pages(): readonly number[] {
    return this.#pages;
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  /** The slot in the page pool of the sequence's row `position`, which `reserve` must have covered. */
  slot(position: number): number {
    return (this.#pages[Math.floor(position / PAGE_ROWS)] as number) * PAGE_ROWS + (position % PAGE_ROWS);
  }

  /** Makes room for `count` more tokens. @throws TensorplanError `engine/context-full`, `engine/cache-full` */
  reserve(count: number): void {
    this.#alive();
    const rows = this.length + count;
    if (rows > this.#contextLength) {
      throw new TensorplanError({
        code: "engine/context-full",
        message: `${this.length} + ${count} tokens don't fit the context of ${this.#contextLength}`,
        hint: "shorten the prompt or use a larger context (-c)",
        details: { length: this.length, more: count, context: this.#contextLength },
      });
    }
    const pages = Math.ceil(rows / PAGE_ROWS);
    while (this.#pages.length < pages) this.#pages.push(this.#pool.take());
  }

  /** Records tokens whose rows a finished step has written. */
  commit(tokens: readonly number[]): void {
    for (const token of tokens) this.#tokens.push(token);
  }

  /** A second sequence with the same past; both go on independently. */
  fork(): Sequence {
    this.#alive();
    const fork = new Sequence(this.#pool, this.#contextLength, this.#copyPage);
    const full = Math.floor(this.length / PAGE_ROWS);
    for (const page of this.#pages.slice(0, full)) {
      this.#pool.share(page);
      fork.#pages.push(page);
    }
    fork.commit(this.#tokens.slice(0, full * PAGE_ROWS));
    if (this.length > full * PAGE_ROWS) {
      try {
        fork.reserve(this.length - full * PAGE_ROWS);
      } catch (error) {
        fork.dispose();
        throw error;
      }
      this.#copyPage(this.#pages[full] as number, fork.#pages[full] as number);
      fork.commit(this.#tokens.slice(full * PAGE_ROWS));
    }
    return fork;
  }

  /** Forgets all but the first `length` tokens. */
  truncate(length: number): void {
    this.#alive();
    if (!Number.isInteger(length) || length < 0 || length > this.length) {
      throw new TensorplanError({
        code: "engine/truncate-range",
        message: `a sequence of ${this.length} tokens can't be cut to ${length}`,
        hint: `give a whole number from 0 to ${this.length}`,
      });
    }
    this.#tokens.length = length;
    const pages = Math.ceil(length / PAGE_ROWS);
    for (const page of this.#pages.splice(pages)) this.#pool.release(page);
    this.#ownLastPage(length, pages);
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    for (const page of this.#pages.splice(0)) this.#pool.release(page);
    this.#tokens.length = 0;
  }

  /** After a cut inside a shared page the sequence would write where another reads: give it a copy. */
  #ownLastPage(length: number, pages: number): void {
    const last = this.#pages[pages - 1];
    if (last === undefined || length % PAGE_ROWS === 0 || this.#pool.ownersOf(last) === 1) return;
    const own = this.#pool.take();
    this.#copyPage(last, own);
    this.#pool.release(last);
    this.#pages[pages - 1] = own;
  }

  #alive(): void {
    if (this.#disposed) {
      throw new TensorplanError({
        code: "engine/sequence-disposed",
        message: "the sequence was disposed of",
        hint: "start a new one with engine.sequence()",
      });
    }
  }
}
