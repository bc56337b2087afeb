import { TensorplanError } from "@tensorplan/ir";
import { estimateStep } from "../cost/estimateStep.ts";
import { type EstimatedStep, phaseStep } from "../cost/stepBindings.ts";
import type { Plan } from "../plan/plan.ts";

export const objectives = ["decode", "prefill", "balanced"] as const;
export type Objective = (typeof objectives)[number];

/** Answered tokens for each micro-batch of a prompt, where both phases count. */
const BALANCED_DECODES = 128;

/** @throws TensorplanError `optimise/objective` */
export function readObjective(text: string): Objective {
  const found = objectives.find((objective) => objective === text);
  if (found !== undefined) return found;
  throw new TensorplanError({
    code: "optimise/objective",
    message: `'${text}' is nothing that a plan can be optimised for`,
    hint: `optimise for one of: ${objectives.join(", ")}`,
  });
}

/** The steps whose time counts, and how often. */
export function objectiveSteps(
  plan: Plan,
  objective: Objective,
): readonly { readonly step: EstimatedStep; readonly times: number }[] {
  const decode = phaseStep(plan, "decode");
  const prefill = phaseStep(plan, "prefill");
  if (objective === "decode") return [{ step: decode, times: 1 }];
  if (objective === "prefill") return [{ step: prefill, times: 1 }];
  return [
    { step: prefill, times: 1 },
    { step: decode, times: BALANCED_DECODES },
  ];
}

/** Nanoseconds that a plan takes for what is optimised. */
export const objectiveNs = (plan: Plan, objective: Objective): number =>
  objectiveSteps(plan, objective).reduce(
    (sum, { step, times }) => sum + times * estimateStep(plan, step).totalNs,
    0,
  );
