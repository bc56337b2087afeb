import { TensorplanError } from "@tensorplan/ir";
import { totalBytes } from "../memory/budget.ts";
import { plan as makePlan } from "../plan/makePlan.ts";
import type { Plan } from "../plan/plan.ts";
import type { PlanInput } from "../plan/planInput.ts";
import type { Rule } from "../rules/rule.ts";
import { formatBytes } from "./quantities.ts";

/** What came of planning again with rules in front. */
export type Trial =
  /** `obsolete`: rules of the user's that would decide nothing any more, and were left out. */
  | { readonly kind: "plan"; readonly plan: Plan; readonly obsolete: readonly string[] }
  | { readonly kind: "error"; readonly code: string; readonly message: string; readonly hint: string };

const nameIn = ({ details }: TensorplanError): unknown => details.rule;

/** Plans again with `rules` in front of the user's. User's rules that an error blames, because they now stand behind, are left out. */
export function tryRules(input: PlanInput, rules: readonly Rule[]): Trial {
  let own = input.rules ?? [];
  const obsolete: string[] = [];
  for (;;) {
    try {
      const plan = makePlan({ ...input, rules: [...rules, ...own] });
      return { kind: "plan", plan, obsolete };
    } catch (error) {
      if (!(error instanceof TensorplanError)) throw error;
      const blamed = own.find(({ name }) => name === nameIn(error));
      if (blamed === undefined) {
        return { kind: "error", code: error.code, message: error.message, hint: error.hint ?? "" };
      }
      obsolete.push(blamed.name);
      own = own.filter((rule) => rule !== blamed);
    }
  }
}

const signed = (bytes: number): string => `${formatBytes(Math.abs(bytes))} ${bytes < 0 ? "less" : "more"}`;

/** What a trial changed, in sentences: bytes of each device, splits and copies of each variant. */
export function trialText(before: Plan, trial: Trial): readonly string[] {
  if (trial.kind === "error")
    return [
      `Tried, and it can't be had so: ${trial.message}.`,
      ...(trial.hint === "" ? [] : [`  ${trial.hint}`]),
    ];
  const { plan, obsolete } = trial;
  const memory = plan.devices.flatMap((device) => {
    const was = before.devices.find(({ id }) => id === device.id);
    const more = totalBytes(device) - (was === undefined ? 0 : totalBytes(was));
    return more === 0 ? [] : [`${device.id} holds ${signed(more)}`];
  });
  const steps = plan.variants.flatMap(({ id, splits, transfers }) => {
    const was = before.variants.find((each) => each.id === id);
    if (was === undefined)
      return [`${id}, which is new, has ${splits.length} splits and ${transfers.length} copies`];
    if (was.splits.length === splits.length && was.transfers.length === transfers.length) return [];
    return [
      `${id} has ${splits.length} ${splits.length === 1 ? "split" : "splits"} instead of ${was.splits.length} and ${transfers.length} ${transfers.length === 1 ? "copy" : "copies"} instead of ${was.transfers.length}`,
    ];
  });
  const changes = [...memory, ...steps];
  return [
    `Tried: ${changes.length === 0 ? "bytes, splits and copies stay as they are" : changes.join("; ")}.`,
    ...obsolete.map((name) => `Rule '${name}' would decide nothing any more: leave it out.`),
  ];
}
