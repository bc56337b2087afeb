import type { Plan } from "../plan/plan.ts";

const known = new WeakMap<Plan, ReadonlyMap<string, string>>();

/** The store rule of each weight and cache, by name; the same plan object gives the same map. */
export function storedRules(plan: Plan): ReadonlyMap<string, string> {
  const before = known.get(plan);
  if (before !== undefined) return before;
  const rules = new Map([
    ...plan.states.map(({ state, decision }) => [state, decision.rule] as const),
    ...plan.weights.map(({ weight, decision }) => [weight, decision.rule] as const),
  ]);
  known.set(plan, rules);
  return rules;
}
