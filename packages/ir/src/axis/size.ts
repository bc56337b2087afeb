import { TensorplanError } from "../errors.ts";

/** One product in a size: `coefficient × symbol × symbol …`, symbols sorted. */
export interface Term {
  readonly coefficient: number;
  readonly symbols: readonly string[];
}

/** A size in elements: a sum of products of whole numbers and symbols (`tokens`, `context`, …). A plain number is a single term. */
export type Size = readonly Term[];

/** Values for symbols, e.g. `{ tokens: 512, context: 4096 }`. */
export type Bindings = Readonly<Record<string, number>>;

/** What callers may write for a size: a whole number, the printed form (`"8*tokens"`), or a size. */
export type SizeLike = number | string | Size;

const normalise = (terms: readonly Term[]): Size => {
  const [only, ...more] = terms;
  if (more.length === 0) {
    return only === undefined || only.coefficient === 0
      ? []
      : [{ coefficient: only.coefficient, symbols: [...only.symbols].sort() }];
  }
  const sums = new Map<string, Term>();
  for (const term of terms) {
    const symbols = [...term.symbols].sort();
    const key = symbols.join("*");
    const before = sums.get(key);
    sums.set(key, { coefficient: term.coefficient + (before?.coefficient ?? 0), symbols });
  }
  return [...sums.entries()]
    .filter(([, term]) => term.coefficient !== 0)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([, term]) => term);
};

const parseTerm = (text: string): Term => {
  const symbols: string[] = [];
  let coefficient = 1;
  for (const factor of text.split("*").map((part) => part.trim())) {
    if (/^\d+$/.test(factor)) coefficient *= Number(factor);
    else if (/^[A-Za-z_]\w*$/.test(factor)) symbols.push(factor);
    else {
      throw new TensorplanError({
        code: "size/syntax",
        message: `'${text}' isn't a size: '${factor}' is neither a whole number nor a symbol`,
        hint: "write sums of products, such as 8*tokens + 64",
      });
    }
  }
  return { coefficient, symbols };
};

export function size(from: SizeLike): Size {
  if (typeof from === "number") {
    if (!Number.isSafeInteger(from) || from < 0) {
      throw new TensorplanError({
        code: "size/not-a-count",
        message: `${from} isn't a size`,
        hint: "sizes are whole numbers from 0 to 2^53",
      });
    }
    return from === 0 ? [] : [{ coefficient: from, symbols: [] }];
  }
  return typeof from === "string" ? normalise(from.split("+").map(parseTerm)) : from;
}

export const addSizes = (...sizes: readonly Size[]): Size => normalise(sizes.flat());

export const multiplySizes = (...sizes: readonly Size[]): Size =>
  sizes.reduce<Size>(
    (product, factor) =>
      normalise(
        product.flatMap((a) =>
          factor.map((b) => ({
            coefficient: a.coefficient * b.coefficient,
            symbols: [...a.symbols, ...b.symbols],
          })),
        ),
      ),
    size(1),
  );

/** Canonical text: equal sizes print the same. */
export const printSize = (s: Size): string =>
  s.length === 0
    ? "0"
    : s
        .map(({ coefficient, symbols }) =>
          symbols.length === 0
            ? String(coefficient)
            : [...(coefficient === 1 ? [] : [coefficient]), ...symbols].join("*"),
        )
        .join(" + ");

export const sizesEqual = (a: Size, b: Size): boolean => a === b || printSize(a) === printSize(b);

/** The number that a size has under `bindings`. @throws TensorplanError `size/unbound` when a symbol has no value. */
export function evaluateSize(s: Size, bindings: Bindings): number {
  let total = 0;
  for (const term of s) {
    let product = term.coefficient;
    for (const symbol of term.symbols) {
      const value = bindings[symbol];
      if (value === undefined) {
        throw new TensorplanError({
          code: "size/unbound",
          message: `the symbol '${symbol}' has no value here`,
        });
      }
      product *= value;
    }
    total += product;
  }
  return total;
}

export const sizeSymbols = (s: Size): readonly string[] => [...new Set(s.flatMap((t) => t.symbols))].sort();
