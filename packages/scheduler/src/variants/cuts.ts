import { TensorplanError } from "@tensorplan/ir";
import { type Rule, type StepDim, stepDims } from "../rules/rule.ts";
import { nestedSelectors, sizeRanges } from "../rules/selector.ts";
import type { Box, BoxRange } from "./box.ts";

/** Step sizes from which on something may be decided differently. */
export type Cuts = Readonly<Record<StepDim, readonly number[]>>;

/** More variants than this would cost more to compile and to read than they save. */
export const MAX_VARIANTS = 16;

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

/** All boxes between the cuts, smallest sizes first. @throws TensorplanError `variants/too-many` */
export function boxesOf(cuts: Cuts): readonly Box[] {
  const ranges = stepDims.map((dim) => rangesOf(cuts[dim]));
  const count = ranges.reduce((product, of) => product * of.length, 1);
  if (count > MAX_VARIANTS * MAX_VARIANTS) {
    throw new TensorplanError({
      code: "variants/too-many",
      message: `the rules' thresholds cut steps into ${count} kinds, and a plan has at most ${MAX_VARIANTS} variants`,
      hint: "let rules share thresholds",
      details: Object.fromEntries(stepDims.map((dim, i) => [dim, ranges[i]?.map(({ from }) => from) ?? []])),
    });
  }
  const [tokensPerSequence = [], tokens = [], context = [], sequences = []] = ranges;
  return tokensPerSequence.flatMap((t) =>
    tokens.flatMap((n) =>
      context.flatMap((c) =>
        sequences.map((s) => ({ tokensPerSequence: t, tokens: n, context: c, sequences: s })),
      ),
    ),
  );
}
