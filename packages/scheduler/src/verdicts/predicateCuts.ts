import type { KernelPredicate, KernelRow } from "@tensorplan/backend-api";
import { evaluateSize, PAGE_ROWS, type Size } from "@tensorplan/ir";
import type { StepDim } from "../rules/rule.ts";
import type { Bounds } from "../variants/bounds.ts";
import { dimSize, isMultiple, sizeRange } from "./dims.ts";
import { type NodeFacts, predicateHolds } from "./row.ts";

/** A size of the step from which on a kernel's condition turns: `n >= at` differs from `n < at`. */
export interface StepCut {
  readonly dim: StepDim;
  readonly at: number;
}

/** Step sizes behind a graph's symbols. A box counts rows of context, `context` and `pages` whole pages. */
const symbolDims: Readonly<Record<string, StepDim>> = {
  tokens: "tokens",
  sequences: "sequences",
  context: "context",
  pages: "context",
};

/** Least whole number in `(from, to]` for which `reached` holds, given that it holds for `to` and keeps holding once it does. */
function firstReached(from: number, to: number, reached: (n: number) => boolean): number {
  let [below, at] = [from, to];
  while (at - below > 1) {
    const middle = Math.floor((below + at) / 2);
    if (reached(middle)) at = middle;
    else below = middle;
  }
  return at;
}

/** The step size from which on `s` is at least `wanted`; `undefined` where two sizes of the step vary it, or none that boxes are cut by. */
function cutAt(s: Size, wanted: number, { min, max }: Bounds): StepCut | undefined {
  const [symbol, ...more] = new Set(
    s.flatMap((term) => term.symbols).filter((name) => min[name] !== max[name]),
  );
  const dim = symbol === undefined || more.length > 0 ? undefined : symbolDims[symbol];
  if (symbol === undefined || dim === undefined) return undefined;
  const unit = symbol === "context" ? PAGE_ROWS : 1;
  const reached = (n: number) => evaluateSize(s, { ...max, [symbol]: n * unit }) >= wanted;
  const n = firstReached((min[symbol] as number) / unit, (max[symbol] as number) / unit, reached);
  return { dim, at: dim === "context" ? (n - 1) * PAGE_ROWS + 1 : n };
}

function cutsOfPredicate(
  predicate: KernelPredicate,
  facts: NodeFacts,
  bounds: Bounds,
): readonly (StepCut | undefined)[] {
  if (predicate.kind !== "dim") return [];
  const { dim, multipleOf = 1, min = 0, max = Number.POSITIVE_INFINITY } = predicate;
  const s = dimSize(dim, facts.shapes);
  if (s === undefined || !isMultiple(s, multipleOf)) return [];
  const [least, most] = sizeRange(s, bounds);
  // Outside over the whole box: no cut inside it would help.
  if (most < min || least > max) return [];
  return [
    ...(least < min ? [cutAt(s, min, bounds)] : []),
    ...(most > max ? [cutAt(s, max + 1, bounds)] : []),
  ];
}

/**
 * Where to cut a box so that a kernel that can't run a node over all of it can run it over a part: conditions on symbolic sizes hold for
 * some steps of the box and not for others. Empty where something else stands in the way too.
 */
export function predicateCuts(row: KernelRow, facts: NodeFacts, bounds: Bounds): readonly StepCut[] {
  const cuts: StepCut[] = [];
  for (const predicate of row.when) {
    if (predicateHolds(predicate, facts, bounds)) continue;
    const found = cutsOfPredicate(predicate, facts, bounds);
    if (found.length === 0) return [];
    for (const cut of found) {
      if (cut === undefined) return [];
      cuts.push(cut);
    }
  }
  return cuts;
}
