/** The levels of a type's codes, ascending, with a quick search for the nearest one. */
export class CodeBook {
  readonly levels: Float64Array;
  readonly first: number;
  readonly last: number;
  /** Halfway between each level and the next. */
  readonly #borders: Float64Array;
  /** The nearest code to each whole number from `first` to `last`. */
  readonly #whole: Uint8Array;

  /** @param levels whole numbers, ascending */
  constructor(levels: readonly number[]) {
    this.levels = Float64Array.from(levels);
    this.first = levels[0] ?? 0;
    this.last = levels.at(-1) ?? 0;
    const borders = levels.slice(1).map((level, i) => (level + (levels[i] as number)) / 2);
    this.#borders = Float64Array.from([...borders, Number.POSITIVE_INFINITY]);
    this.#whole = Uint8Array.from(
      { length: this.last - this.first + 1 },
      (_, i) => borders.filter((border) => this.first + i > border).length,
    );
  }

  /** The code whose level is nearest to `x`; of two that are equally near, the lower one. */
  nearest(x: number): number {
    if (!(x > this.first)) return 0;
    if (x >= this.last) return this.levels.length - 1;
    // Levels are at least 1 apart, so at most one border lies between a whole number and the next.
    const code = this.#whole[(x - this.first) | 0] as number;
    return x > (this.#borders[code] as number) ? code + 1 : code;
  }
}

/** Sum of squared differences of `count` values from what they are stored as with this scale. */
export function errorOf(
  values: Float32Array,
  at: number,
  count: number,
  book: CodeBook,
  scale: number,
): number {
  const inverse = scale === 0 ? 0 : 1 / scale;
  let error = 0;
  for (let i = at; i < at + count; i++) {
    const x = values[i] as number;
    const off = x - scale * (book.levels[book.nearest(x * inverse)] as number);
    error += off * off;
  }
  return error;
}
