import type { Plan } from "../plan/plan.ts";
import type { PlanInput } from "../plan/planInput.ts";

/** A change that was tried: with it the plan fits on every device. */
export interface FittingChange {
  /** What to do, with the flag that does it. */
  readonly what: string;
  /** What it costs: bytes by device, and time where it takes other time. */
  readonly cost: string;
  readonly apply: (input: PlanInput) => PlanInput;
}

/** A change to try. `undefined` from `apply`: it can't be made. */
export interface Candidate {
  readonly what: string;
  /** What is lost besides bytes and time. */
  readonly loses?: string;
  readonly apply: (input: PlanInput) => PlanInput;
}

/** A device that is too small: by how much. */
export interface Overflow {
  readonly device: string;
  readonly over: number;
}

/** All that a candidate is made from. */
export interface Misfit {
  readonly input: PlanInput;
  /** The plan that doesn't fit. */
  readonly made: Plan;
  readonly overflows: readonly Overflow[];
}

/** What counts against a device's budget: mapped weights don't. */
export const bytesOf = (plan: Plan, device: string): number => {
  const found = plan.devices.find(({ id }) => id === device);
  return found === undefined ? 0 : found.weights - found.mapped + found.states + found.inputs + found.arena;
};

/** Devices whose regions need more than they may use, in the plan's order. */
export const overflowsOf = (plan: Plan): readonly Overflow[] =>
  plan.devices
    .map(({ id, budget }) => ({ device: id, over: bytesOf(plan, id) - budget }))
    .filter(({ over }) => over > 0);
