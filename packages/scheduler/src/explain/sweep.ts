import { TensorplanError } from "@tensorplan/ir";
import type { Plan, PlanVariant } from "../plan/plan.ts";
import { type StepDim, stepDims } from "../rules/rule.ts";
import { type Box, type BoxRange, dimNouns, overlap } from "../variants/box.ts";

/** Sizes that a question sweeps over, both ends included. */
interface SweepRange {
  readonly from: number;
  readonly to: number;
}

/** `tokens=1..2048`, `context=0..16384`, `sequences=4`, parsed. */
export type Sweep = Partial<Readonly<Record<StepDim, SweepRange>>>;

const badSweep = (text: string) =>
  new TensorplanError({
    code: "explain/over",
    message: `--over ${text}: expected a size of a step and a range`,
    hint: `write ${stepDims.join(", ")} with whole numbers, such as tokens=1..2048 or context=0..16384`,
  });

/** @throws TensorplanError `explain/over` for what isn't a range of a step's size, or a size that stands twice */
export function parseSweep(texts: readonly string[]): Sweep {
  const sweep: Partial<Record<StepDim, SweepRange>> = {};
  for (const text of texts) {
    const [, name, first, last] = /^(\w+)=(\d{1,9})(?:\.\.(\d{1,9}))?$/.exec(text) ?? [];
    const dim = stepDims.find((each) => each === name);
    if (dim === undefined || first === undefined || sweep[dim] !== undefined) throw badSweep(text);
    // No step is smaller than one token on one row.
    const from = Math.max(1, Number(first));
    const to = Math.max(1, Number(last ?? first));
    if (to < from) throw badSweep(text);
    sweep[dim] = { from, to };
  }
  return sweep;
}

/** One variant within the sizes that are swept over. `tied`: one sequence, whose new tokens are all tokens of the step. */
export interface SweptVariant {
  readonly variant: PlanVariant;
  readonly box: Box;
}

export interface Swept {
  readonly tied: boolean;
  /** Sizes whose thresholds were asked for. */
  readonly dims: ReadonlySet<StepDim>;
  readonly variants: readonly SweptVariant[];
}

const upper = ({ below }: BoxRange) => below ?? Number.POSITIVE_INFINITY;

const intersection = (a: BoxRange, b: BoxRange): BoxRange | undefined => {
  if (!overlap(a, b)) return undefined;
  const below = Math.min(upper(a), upper(b));
  return { from: Math.max(a.from, b.from), below: Number.isFinite(below) ? below : null };
};

/**
 * The parts of a plan's variants that lie in the sizes swept over. Without a range of sequences there is one sequence: its new tokens
 * are the step's tokens, and both thresholds are thresholds of `tokens`.
 */
export function sweptVariants(plan: Plan, sweep: Sweep): Swept {
  const tied = (sweep.sequences?.to ?? 1) === 1 && sweep.tokensPerSequence === undefined;
  const everything: BoxRange = { from: 1, below: null };
  const rangeOf = (range: SweepRange | undefined, otherwise: BoxRange): BoxRange =>
    range === undefined ? otherwise : { from: range.from, below: range.to + 1 };
  const wanted: Box = {
    tokensPerSequence: rangeOf(sweep.tokensPerSequence ?? sweep.tokens, everything),
    tokens: rangeOf(sweep.tokens, everything),
    context: rangeOf(sweep.context, everything),
    sequences: rangeOf(sweep.sequences, { from: 1, below: 2 }),
  };
  const variants = plan.variants.flatMap((variant): readonly SweptVariant[] => {
    const box: Partial<Record<StepDim, BoxRange>> = {};
    for (const dim of stepDims) {
      const range = intersection(variant.box[dim], wanted[dim]);
      if (range === undefined) return [];
      box[dim] = range;
    }
    const inside = box as Record<StepDim, BoxRange>;
    if (!tied) return [{ variant, box: inside }];
    const tokens = intersection(inside.tokens, inside.tokensPerSequence);
    return tokens === undefined
      ? []
      : [{ variant, box: { ...inside, tokens, tokensPerSequence: everything } }];
  });
  // More sequences, or more tokens of them, are more tokens in all and in each.
  const batched = sweep.sequences !== undefined || (!tied && sweep.tokens !== undefined);
  const dims = stepDims.filter(
    (dim) => sweep[dim] !== undefined || (batched && (dim === "tokens" || dim === "tokensPerSequence")),
  );
  return { tied, variants, dims: new Set(dims) };
}

/** `1–2048 tokens, 1–16384 rows of context`. */
export const sweepText = (sweep: Sweep): string =>
  stepDims
    .flatMap((dim) => {
      const range = sweep[dim];
      return range === undefined
        ? []
        : [`${range.from === range.to ? range.from : `${range.from}–${range.to}`} ${dimNouns[dim]}`];
    })
    .join(", ");
