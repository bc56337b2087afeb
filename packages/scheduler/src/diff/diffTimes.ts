import { coreOps, type OpSet } from "@tensorplan/ir";
import { estimateStep } from "../cost/estimateStep.ts";
import { type EstimatedStep, phaseStep, stepSizes } from "../cost/stepBindings.ts";
import type { Plan } from "../plan/plan.ts";
import { contains } from "../variants/box.ts";
import type { TimeDiff } from "./planDiff.ts";

const serves = (plan: Plan, step: EstimatedStep): boolean =>
  plan.variants.some(({ box }) => contains(box, stepSizes(step)));

/** Operations of a stranger's have no cost here, and a sum that leaves them out would mislead. */
const known = (plan: Plan, ops: OpSet): boolean => {
  const names = new Set(ops.names);
  return plan.nodes.every(({ op }) => names.has(op));
};

/** Estimated times of the same steps in both plans: one token behind a full context, and the largest micro-batch. */
export function diffTimes(a: Plan, b: Plan, ops: OpSet = coreOps): readonly TimeDiff[] {
  if (!known(a, ops) || !known(b, ops)) return [];
  return (["decode", "prefill"] as const).flatMap((phase): TimeDiff[] => {
    const [first, second] = [phaseStep(a, phase), phaseStep(b, phase)];
    const tokens = Math.min(first.tokens, second.tokens);
    const context = Math.min(first.context, second.context);
    const step = { tokens, context, sequences: 1 };
    if (!serves(a, step) || !serves(b, step)) return [];
    const nanoseconds = { a: estimateStep(a, step, ops).totalNs, b: estimateStep(b, step, ops).totalNs };
    return [{ phase, tokens, context, nanoseconds }];
  });
}
