/** Finds the spans that touch a window without looking at all of them. */
export class SpanIndex<T> {
  readonly #buckets: T[][] = [];
  /** Spans over many buckets; few, since they can't be stacked deep in a drawing. */
  readonly #long: T[] = [];
  readonly #ends: (item: T) => readonly [number, number];

  /** @param ends  first and last position of a span, both included */
  constructor(items: readonly T[], ends: (item: T) => readonly [number, number]) {
    this.#ends = ends;
    for (const item of items) {
      const [first, last] = ends(item);
      const from = Math.floor(first / BUCKET);
      const to = Math.floor(last / BUCKET);
      if (to - from > MOST_BUCKETS) {
        this.#long.push(item);
        continue;
      }
      for (let bucket = from; bucket <= to; bucket++) {
        const list = this.#buckets[bucket];
        if (list === undefined) this.#buckets[bucket] = [item];
        else list.push(item);
      }
    }
  }

  /** Spans that have a position in `[first, last)`, each once. */
  within(first: number, last: number): readonly T[] {
    const found = new Set<T>(this.#long);
    for (let bucket = Math.floor(first / BUCKET); bucket * BUCKET < last; bucket++) {
      for (const item of this.#buckets[bucket] ?? []) found.add(item);
    }
    return [...found].filter((item) => {
      const [start, end] = this.#ends(item);
      return end >= first && start < last;
    });
  }
}

const BUCKET = 64;
const MOST_BUCKETS = 8;
