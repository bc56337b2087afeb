import { TensorplanError } from "@tensorplan/ir";
import { formatBytes } from "../explain/formatBytes.ts";
import type { Plan, PlanDevice } from "../plan/plan.ts";
import { changesThatFit } from "./changes.ts";

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
 * @throws TensorplanError `memory/over-budget`: by how much, what takes the most, and three changes that would make it fit
 */
export function checkBudgets(plan: Plan): void {
  for (const device of plan.devices) {
    const total = totalBytes(device);
    const over = total - device.budget;
    if (over <= 0) continue;
    throw new TensorplanError({
      code: "memory/over-budget",
      message: `the plan needs ${formatBytes(total)} on ${device.id}, ${formatBytes(over)} more than the ${formatBytes(device.budget)} that it may use`,
      hint: `any of these would make it fit: ${changesThatFit(plan, device, over).join("; or ")}`,
      details: {
        device: device.id,
        needed: total,
        budget: device.budget,
        over,
        largest: contributors(plan, device.id)
          .slice(0, 5)
          .map(({ what, bytes }) => `${what} ${formatBytes(bytes)}`),
      },
    });
  }
}
