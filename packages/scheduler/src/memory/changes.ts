import { TensorplanError } from "@tensorplan/ir";
import { diffTimes } from "../diff/diffTimes.ts";
import { formatBytes, formatTime } from "../explain/quantities.ts";
import type { Plan } from "../plan/plan.ts";
import type { PlanInput } from "../plan/planInput.ts";
import { bytesOf, type Candidate, type FittingChange, type Misfit, overflowsOf } from "./fittingChange.ts";
import { leaveInFile, moveWeights } from "./moveWeights.ts";
import { lessContext, smallerCaches, smallerSteps } from "./shrinkSteps.ts";

const WANTED = 3;

/** `cuda:0 -1.20 GiB, cpu +1.31 GiB; decode 31.0 ms instead of 22.1 ms`. */
function costOf(before: Plan, after: Plan, input: PlanInput, loses: string | undefined): string {
  const bytes = before.devices.flatMap(({ id }) => {
    const change = bytesOf(after, id) - bytesOf(before, id);
    return change === 0 ? [] : [`${id} ${change > 0 ? "+" : "-"}${formatBytes(Math.abs(change))}`];
  });
  const times = diffTimes(before, after, input.ops).flatMap(({ phase, nanoseconds: { a, b } }) =>
    Math.abs(b - a) * 100 < a ? [] : [`${phase} ${formatTime(b)} instead of ${formatTime(a)}`],
  );
  return [bytes.join(", "), ...times, ...(loses === undefined ? [] : [`loses ${loses}`])]
    .filter((text) => text !== "")
    .join("; ");
}

/** The draft of a candidate; undefined where its plan can't be made, for want of a kernel perhaps. */
function tried(candidate: Candidate, input: PlanInput, draft: (input: PlanInput) => Plan): Plan | undefined {
  try {
    return draft(candidate.apply(input));
  } catch (error) {
    if (error instanceof TensorplanError) return undefined;
    throw error;
  }
}

/** Tries a kind of change, and once more with as much beyond as the first try fell short of. */
function fitting(
  misfit: Misfit,
  draft: (input: PlanInput) => Plan,
  make: (extra: number) => Candidate | undefined,
): FittingChange | undefined {
  let extra = 0;
  for (let round = 0; round < 2; round++) {
    const candidate = make(extra);
    const plan = candidate === undefined ? undefined : tried(candidate, misfit.input, draft);
    if (candidate === undefined || plan === undefined) return undefined;
    const left = overflowsOf(plan);
    if (left.length === 0) {
      const { what, loses, apply } = candidate;
      return { what, cost: costOf(misfit.made, plan, misfit.input, loses), apply };
    }
    extra += Math.max(...left.map(({ over }) => over));
  }
  return undefined;
}

/** More memory changes nothing else, so that it needs no trial. */
function moreMemory({ made, overflows }: Misfit): FittingChange {
  const needs = overflows.map(({ device, over }) => `${formatBytes(over)} more of ${device}`);
  const totals = Object.fromEntries(overflows.map(({ device }) => [device, bytesOf(made, device)]));
  return {
    what: `let the plan use ${needs.join(" and ")}`,
    cost: overflows.map(({ device, over }) => `${device} ${over} bytes`).join(", "),
    apply: (input) => ({ ...input, budgets: { ...input.budgets, ...totals } }),
  };
}

/**
 * Up to three changes, each of which was tried: with it the plan fits on every device.
 *
 * @param draft  plans without looking at budgets
 */
export function changesThatFit(
  input: PlanInput,
  made: Plan,
  draft: (input: PlanInput) => Plan,
): readonly FittingChange[] {
  const misfit: Misfit = { input, made, overflows: overflowsOf(made) };
  const kinds: readonly ((extra: number) => Candidate | undefined)[] = [
    (extra) => moveWeights(misfit, true, extra) ?? moveWeights(misfit, false, extra),
    () => leaveInFile(misfit),
    (extra) => lessContext(misfit, extra),
    () => smallerCaches(misfit),
    (extra) => smallerSteps(misfit, extra),
  ];
  const found: FittingChange[] = [];
  for (const kind of kinds) {
    if (found.length === WANTED) return found;
    const change = fitting(misfit, draft, kind);
    if (change !== undefined) found.push(change);
  }
  return found.length === WANTED ? found : [...found, moreMemory(misfit)];
}
