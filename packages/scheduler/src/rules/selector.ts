import { type Size, TensorplanError } from "@tensorplan/ir";
import { type Box, type BoxRange, overlap } from "../variants/box.ts";
import { type Pattern, type Range, type Selector, type StepDim, stepDims } from "./rule.ts";
import { dimsProblem, printRange, type StoredFacts, shapeProblem, within } from "./sizeSelectors.ts";

/** What a selector can ask about a weight, a cache or a node. */
export interface Facts {
  readonly kind: "weight" | "state" | "node";
  /** The node's path, or the weight's or cache's name. */
  readonly id: string;
  /** The node's own operation, then those of the composites that it was lowered from. */
  readonly ops: readonly string[];
  /** Paths of those composites. */
  readonly within: readonly string[];
  readonly weights: readonly StoredFacts[];
  readonly states: readonly StoredFacts[];
  readonly layer: number | undefined;
  /** Size of a node's dimension by its name, `x.-1`; weights and caches have none. */
  readonly dimension: (name: string) => Size | undefined;
}

/** `undefined` where the selector holds, else why it doesn't: a text that doesn't name the node, so that nodes share it. */
export type Matcher = (facts: Facts, box: Box | undefined) => string | undefined;

const layerPattern = /(?:^|\.)(?:blk|cache)\.(\d+)(?:\.|$)/;

/** Layer number in a path, a weight's name (`blk.N.`) or a cache's (`cache.N.`). */
export function layerOf(name: string): number | undefined {
  const found = layerPattern.exec(name)?.[1];
  return found === undefined ? undefined : Number(found);
}

export const printPattern = (pattern: Pattern): string =>
  typeof pattern === "string" ? pattern : `/${pattern.regex}/`;

/** A test for texts. @throws TensorplanError `rules/regex` */
export function compilePattern(pattern: Pattern): (text: string) => boolean {
  if (typeof pattern === "string") {
    if (!pattern.includes("*")) return (text) => text === pattern;
    const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");
    const glob = new RegExp(`^${escaped}$`);
    return (text) => glob.test(text);
  }
  try {
    const expression = new RegExp(pattern.regex);
    return (text) => expression.test(text);
  } catch (cause) {
    throw new TensorplanError({
      code: "rules/regex",
      message: `/${pattern.regex}/ isn't a regular expression: ${cause instanceof Error ? cause.message : String(cause)}`,
      hint: "escape characters that have a meaning of their own, such as ( [ * +",
      cause,
    });
  }
}

/** Step sizes that a selector asks for outright, `phase` included. */
export const sizeRanges = (selector: Selector): readonly (readonly [StepDim, Range])[] => [
  ...stepDims.flatMap((dim) => {
    const range = selector[dim];
    return range === undefined ? [] : [[dim, range] as const];
  }),
  ...(selector.phase === undefined
    ? []
    : [["tokensPerSequence", selector.phase === "decode" ? { below: 2 } : { atLeast: 2 }] as const]),
];

/** The selector and all that are nested in it. */
export const nestedSelectors = (selector: Selector): readonly Selector[] => [
  selector,
  ...[
    ...(selector.and ?? []),
    ...(selector.or ?? []),
    ...(selector.not === undefined ? [] : [selector.not]),
  ].flatMap(nestedSelectors),
];

const list = <T>(one: T | readonly T[]): readonly T[] => (Array.isArray(one) ? one : [one as T]);

function sizeMatcher(dim: StepDim, range: Range): Matcher {
  const wanted: BoxRange = { from: range.atLeast ?? 0, below: range.below ?? null };
  const why = `${dim} isn't ${printRange(range)}`;
  // Boxes are cut at every threshold that a rule mentions, so a box lies wholly inside the range or outside.
  return (_, box) => (box !== undefined && overlap(box[dim], wanted) ? undefined : why);
}

/** Compiles a selector. @throws TensorplanError `rules/regex` */
export function compileSelector(selector: Selector): Matcher {
  const parts: Matcher[] = [];
  const test = (why: string, holds: (facts: Facts) => boolean) =>
    parts.push((facts) => (holds(facts) ? undefined : why));

  const { op, path, weight, state, kind, layer, dtype, shape, dims } = selector;
  if (kind !== undefined) test(`it isn't a ${kind === "state" ? "cache" : kind}`, (f) => f.kind === kind);
  if (op !== undefined) {
    const tests = list(op).map(compilePattern);
    test(`its operation isn't ${list(op).join(" or ")}`, (f) =>
      f.ops.some((name) => tests.some((t) => t(name))));
  }
  if (path !== undefined) {
    const matches = compilePattern(path);
    test(`its path doesn't match ${printPattern(path)}`, (f) =>
      f.kind === "node" && (matches(f.id) || f.within.some(matches)));
  }
  if (weight !== undefined) {
    const matches = compilePattern(weight);
    test(`it has no weight that matches ${printPattern(weight)}`, (f) =>
      f.weights.some(({ id }) => matches(id)));
  }
  if (state !== undefined) {
    const matches = compilePattern(state);
    test(`it has no cache that matches ${printPattern(state)}`, (f) =>
      f.states.some(({ id }) => matches(id)));
  }
  if (layer !== undefined) {
    test(`its layer isn't ${printRange(layer)}`, (f) => f.layer !== undefined && within(layer, f.layer));
  }
  if (dtype !== undefined) {
    const types = list(dtype);
    test(`it isn't stored as ${types.join(" or ")}`, (f) =>
      (f.kind === "state" ? f.states : f.weights).some((stored) => types.includes(stored.dtype)));
  }
  if (shape !== undefined) parts.push((facts) => shapeProblem(shape, facts));
  if (dims !== undefined) parts.push((facts) => dimsProblem(dims, facts));
  for (const [dim, range] of sizeRanges(selector)) parts.push(sizeMatcher(dim, range));
  for (const nested of selector.and ?? []) parts.push(compileSelector(nested));
  if (selector.or !== undefined) {
    const options = selector.or.map(compileSelector);
    parts.push((facts, box) => {
      const reasons = options.map((option) => option(facts, box));
      return reasons.includes(undefined) ? undefined : reasons.join(", and ");
    });
  }
  if (selector.not !== undefined) {
    const inner = compileSelector(selector.not);
    parts.push((facts, box) => (inner(facts, box) === undefined ? "it is excluded" : undefined));
  }
  return (facts, box) => {
    for (const part of parts) {
      const why = part(facts, box);
      if (why !== undefined) return why;
    }
    return undefined;
  };
}
