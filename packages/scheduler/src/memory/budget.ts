import { TensorplanError } from "@tensorplan/ir";
import { formatBytes } from "../explain/quantities.ts";
import type { Plan, PlanDevice } from "../plan/plan.ts";
import type { PlanInput } from "../plan/planInput.ts";
import { changesThatFit } from "./changes.ts";
import { bytesOf, overflowsOf } from "./fittingChange.ts";

/** Bytes of all regions of a device, without what is only mapped. */
export const totalBytes = ({ weights, mapped, states, inputs, arena }: PlanDevice): number =>
  weights - mapped + states + inputs + arena;

/** `blk.3.ffn_up_exps.weight` → `blk.*.ffn_up_exps.weight`: the same tensor of all layers. */
const family = (name: string): string => name.replace(/\.\d+\./g, ".*.");

/** What takes a device's memory, largest first. */
export function contributors(
  plan: Plan,
  device: string,
): readonly { readonly what: string; readonly bytes: number }[] {
  const sums = new Map<string, number>();
  const add = (what: string, bytes: number) => sums.set(what, (sums.get(what) ?? 0) + bytes);
  for (const { weight, copies } of plan.weights) {
    for (const copy of copies) if (copy.device === device && !copy.mapped) add(family(weight), copy.bytes);
  }
  for (const state of plan.states)
    if (state.device === device) add(family(`${state.state}.`).slice(0, -1), state.bytes);
  const own = plan.devices.find(({ id }) => id === device);
  add("work area", own?.arena ?? 0);
  add("step inputs", own?.inputs ?? 0);
  return [...sums.entries()]
    .filter(([, bytes]) => bytes > 0)
    .map(([what, bytes]) => ({ what, bytes }))
    .sort((a, b) => b.bytes - a.bytes || (a.what < b.what ? -1 : 1));
}

/**
 * Checks that every device's regions fit its budget.
 *
 * @param draft  plans without looking at budgets: the changes that the error offers are tried with it
 * @throws TensorplanError `memory/over-budget`: by how much, what takes the most, and up to three changes that make it fit
 */
export function checkBudgets(plan: Plan, input: PlanInput, draft: (input: PlanInput) => Plan): void {
  const overflows = overflowsOf(plan);
  const [first] = overflows;
  if (first === undefined) return;
  const missing = overflows.map(({ device, over }) => {
    const budget = plan.devices.find(({ id }) => id === device)?.budget ?? 0;
    const needs = `${formatBytes(budget + over)} on ${device}`;
    return `${needs}, ${formatBytes(over)} more than the ${formatBytes(budget)} that it may use`;
  });
  const changes = changesThatFit(input, plan, draft);
  throw new TensorplanError({
    code: "memory/over-budget",
    message: `the plan needs ${missing.join("; and ")}`,
    hint: `any of these makes it fit:${changes.map(({ what, cost }) => `\n    - ${what} (${cost})`).join("")}`,
    details: {
      device: first.device,
      needed: bytesOf(plan, first.device),
      budget: bytesOf(plan, first.device) - first.over,
      over: first.over,
      largest: contributors(plan, first.device)
        .slice(0, 5)
        .map(({ what, bytes }) => `${what} ${formatBytes(bytes)}`),
    },
  });
}
