import { ROWS_LAYOUT } from "@tensorplan/backend-api";
import { type DType, evaluateSize, type Size, sizeSymbols } from "@tensorplan/ir";
import { layoutBytes } from "../residence/layoutBytes.ts";
import { type Range, type Selector, type ShapeField, shapeFields } from "./rule.ts";

/** What a selector can ask about a weight or cache; a cache's shape is that of its largest. */
export interface StoredFacts {
  readonly id: string;
  readonly dtype: DType;
  readonly shape: readonly Size[];
}

/** How a dimension of a node is named: `x.-1`, `x.0`, `x.rows`, `x.rank`. */
export const dimName = /^\w+\.(-?\d+|rows|rank)$/;

export const within = (range: Range, n: number): boolean =>
  n >= (range.atLeast ?? 0) && n < (range.below ?? Number.POSITIVE_INFINITY);

/** `at least 4`, `below 9`, `7`, `4 to 8`. */
export const printRange = ({ atLeast, below }: Range): string =>
  below === undefined
    ? `at least ${atLeast ?? 0}`
    : atLeast === undefined
      ? `below ${below}`
      : atLeast === below - 1
        ? String(atLeast)
        : `${atLeast} to ${below - 1}`;

const product = (sizes: readonly number[]) => sizes.reduce((all, n) => all * n, 1);

function measure({ dtype, shape }: StoredFacts): Readonly<Record<ShapeField, number>> {
  const sizes = shape.map((axis) => evaluateSize(axis, {}));
  return {
    rows: product(sizes.slice(0, -1)),
    columns: sizes.at(-1) ?? 1,
    elements: product(sizes),
    bytes: layoutBytes(dtype, sizes, ROWS_LAYOUT, []),
  };
}

const measured = new WeakMap<StoredFacts, Readonly<Record<ShapeField, number>>>();

/** Sizes of a stored tensor, remembered: rules ask about the same weights again and again. */
export function sizesOf(stored: StoredFacts): Readonly<Record<ShapeField, number>> {
  const known = measured.get(stored);
  if (known !== undefined) return known;
  const sizes = measure(stored);
  measured.set(stored, sizes);
  return sizes;
}

interface Sized {
  readonly kind: "weight" | "state" | "node";
  readonly weights: readonly StoredFacts[];
  readonly states: readonly StoredFacts[];
  readonly dimension: (name: string) => Size | undefined;
}

/** Why a `shape` selector doesn't hold; `undefined`: one weight (or the cache) has all the sizes asked for. */
export function shapeProblem(shape: NonNullable<Selector["shape"]>, facts: Sized): string | undefined {
  const asked = shapeFields.flatMap((field) => {
    const range = shape[field];
    return range === undefined ? [] : [[field, range] as const];
  });
  const stored = facts.kind === "state" ? facts.states : facts.weights;
  const holds = stored.some((each) => asked.every(([field, range]) => within(range, sizesOf(each)[field])));
  if (holds) return undefined;
  const wanted = asked.map(([field, range]) => `${printRange(range)} ${field}`).join(" and ");
  return facts.kind === "node" ? `it reads no weight of ${wanted}` : `it hasn't ${wanted}`;
}

/** Why a `dims` selector doesn't hold for a node. */
export function dimsProblem(dims: NonNullable<Selector["dims"]>, { dimension }: Sized): string | undefined {
  for (const name of Object.keys(dims).sort()) {
    const range = dims[name] as Range;
    const found = dimension(name);
    if (found === undefined) return `it has no dimension ${name}`;
    if (sizeSymbols(found).length > 0) return `its dimension ${name} changes from step to step`;
    if (!within(range, evaluateSize(found, {}))) return `its dimension ${name} isn't ${printRange(range)}`;
  }
  return undefined;
}
