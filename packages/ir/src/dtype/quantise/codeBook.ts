/** The levels of a type's codes, ascending, with a quick search for the nearest one. */
export class CodeBook {
  readonly levels: Float64Array;
  readonly #borders: Float64Array;

  /** @param levels ascending; their number is a power of two */
  constructor(levels: readonly number[]) {
    this.levels = Float64Array.from(levels);
    this.#borders = Float64Array.from(levels.slice(1), (level, i) => (level + (levels[i] as number)) / 2);
  }

  get first(): number {
    return this.levels[0] as number;
  }

  get last(): number {
    return this.levels[this.levels.length - 1] as number;
  }

  /** The code whose level is nearest to `x`; of two that are equally near, the lower one. */
  nearest(x: number): number {
    let code = 0;
    for (let step = this.levels.length >> 1; step > 0; step >>= 1) {
      if (x > (this.#borders[code + step - 1] as number)) code += step;
    }
    return code;
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
