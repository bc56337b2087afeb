import type { Plan, PlanVariant } from "../plan/plan.ts";
import { type StepDim, stepDims } from "../rules/rule.ts";
import { type Box, overlap } from "../variants/box.ts";
import { type Change, changesBetween } from "./changesBetween.ts";
import type { Swept, SweptVariant } from "./sweep.ts";

/** What changes where one variant of a plan gives way to the next. */
export interface Threshold {
  readonly dim: StepDim;
  /** The first size of the next variant. */
  readonly at: number;
  readonly from: string;
  readonly to: string;
  /** The other sizes for which it holds. */
  readonly where: Box;
  readonly changes: readonly Change[];
  readonly splits: readonly [number, number];
  readonly copies: readonly [number, number];
}

/** The dimension along which `b` follows `a`, if it does and both hold for the same other sizes somewhere. */
function borderOf(a: Box, b: Box): StepDim | undefined {
  const next = stepDims.filter((dim) => a[dim].below === b[dim].from);
  const [dim] = next;
  if (dim === undefined || next.length > 1) return undefined;
  return stepDims.every((other) => other === dim || overlap(a[other], b[other])) ? dim : undefined;
}

const smaller = (a: number | null, b: number | null) => (a === null ? b : b === null ? a : Math.min(a, b));

function shared(a: Box, b: Box, along: StepDim): Box {
  const both = (dim: StepDim) =>
    dim === along
      ? b[dim]
      : { from: Math.max(a[dim].from, b[dim].from), below: smaller(a[dim].below, b[dim].below) };
  return {
    tokensPerSequence: both("tokensPerSequence"),
    tokens: both("tokens"),
    context: both("context"),
    sequences: both("sequences"),
  };
}

const sizes = ({ splits, transfers }: PlanVariant) => [splits.length, transfers.length] as const;

/** Every size, of those asked about, at which some node changes its device, kernel or lowering, smallest first. */
export function thresholds(plan: Plan, { variants, dims }: Swept): readonly Threshold[] {
  const found: Threshold[] = [];
  const compare = (a: SweptVariant, b: SweptVariant) => {
    const dim = borderOf(a.box, b.box);
    if (dim === undefined || !dims.has(dim)) return;
    const changes = changesBetween(plan, a.variant, b.variant, dim);
    // Variants may part for the sake of other sizes.
    if (changes.length === 0) return;
    const [[splitsBefore, copiesBefore], [splitsAfter, copiesAfter]] = [sizes(a.variant), sizes(b.variant)];
    found.push({
      dim,
      at: b.box[dim].from,
      from: a.variant.id,
      to: b.variant.id,
      where: shared(a.box, b.box, dim),
      changes,
      splits: [splitsBefore, splitsAfter],
      copies: [copiesBefore, copiesAfter],
    });
  };
  for (const a of variants) for (const b of variants) if (a !== b) compare(a, b);
  return found.sort((a, b) => stepDims.indexOf(a.dim) - stepDims.indexOf(b.dim) || a.at - b.at);
}
