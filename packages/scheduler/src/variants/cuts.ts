import { type Rule, type StepDim, stepDims } from "../rules/rule.ts";
import { nestedSelectors, sizeRanges } from "../rules/selector.ts";
import type { Box, BoxRange } from "./box.ts";
import { checkBoxCount } from "./limit.ts";

/** Step sizes from which on something may be decided differently. */
export type Cuts = Readonly<Record<StepDim, readonly number[]>>;

const rangesOf = (cuts: readonly number[]): readonly BoxRange[] => {
  const edges = [1, ...[...new Set(cuts)].filter((cut) => cut > 1).sort((a, b) => a - b)];
  return edges.map((from, i) => ({ from, below: edges[i + 1] ?? null }));
};

/** The thresholds that the rules mention, and those that the caller asks for besides. */
export function cutsOf(rules: readonly Rule[], more: Partial<Cuts> = {}): Cuts {
  const cuts: Record<StepDim, number[]> = { tokensPerSequence: [], tokens: [], context: [], sequences: [] };
  for (const dim of stepDims) cuts[dim].push(...(more[dim] ?? []));
  for (const rule of rules) {
    for (const [dim, { atLeast, below }] of nestedSelectors(rule.when).flatMap(sizeRanges)) {
      if (atLeast !== undefined) cuts[dim].push(atLeast);
      if (below !== undefined) cuts[dim].push(below);
    }
  }
  return cuts;
}

const inside = ({ from, below }: BoxRange, cut: number) =>
  cut > from && cut < (below ?? Number.POSITIVE_INFINITY);

/** The parts of a box between cuts that lie inside it, smallest sizes first; the box itself where none does. */
export function splitBox(
  box: Box,
  cuts: readonly { readonly dim: StepDim; readonly at: number }[],
): readonly Box[] {
  let parts: readonly Box[] = [box];
  for (const { dim, at } of cuts) {
    parts = parts.flatMap((part): readonly Box[] => {
      const { from, below } = part[dim];
      if (!inside(part[dim], at)) return [part];
      return [
        { ...part, [dim]: { from, below: at } },
        { ...part, [dim]: { from: at, below } },
      ];
    });
  }
  return [...parts].sort((a, b) => {
    const dim = stepDims.find((each) => a[each].from !== b[each].from);
    return dim === undefined ? 0 : a[dim].from - b[dim].from;
  });
}

/** All boxes between the cuts, smallest sizes first. @throws TensorplanError `variants/too-many` */
export function boxesOf(cuts: Cuts): readonly Box[] {
  const ranges = stepDims.map((dim) => rangesOf(cuts[dim]));
  checkBoxCount(
    ranges.reduce((product, of) => product * of.length, 1),
    cuts,
  );
  const [tokensPerSequence = [], tokens = [], context = [], sequences = []] = ranges;
  return tokensPerSequence.flatMap((t) =>
    tokens.flatMap((n) =>
      context.flatMap((c) =>
        sequences.map((s) => ({ tokensPerSequence: t, tokens: n, context: c, sequences: s })),
      ),
    ),
  );
}
