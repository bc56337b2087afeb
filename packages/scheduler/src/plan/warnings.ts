import { formatBytes } from "../explain/quantities.ts";
import { printOrigin, type Rule } from "../rules/rule.ts";
import type { Plan, PlanVariant, PlanWarning } from "./plan.ts";
import { plannedKernels } from "./plannedKernels.ts";
import { convertedWeights } from "./warnings/convertedWeights.ts";
import { fusedWeightsApart } from "./warnings/fusedWeightsApart.ts";
import { idleDevice } from "./warnings/idleDevice.ts";
import { missingKernelSplits } from "./warnings/missingKernelSplits.ts";
import { unusedBudget } from "./warnings/unusedBudget.ts";

interface IdleRule {
  readonly rule: Rule;
  readonly why: string;
}

/** How often each rule decided a node or a lowering, over all variants. */
export function decisionCounts(variants: readonly PlanVariant[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { decisions, nodes, lowerings } of variants) {
    for (const { decision } of [...nodes, ...lowerings]) {
      const rule = decisions[decision]?.rule;
      if (rule !== undefined) counts.set(rule, (counts.get(rule) ?? 0) + 1);
    }
  }
  return counts;
}

export function countFallbacks(rules: readonly Rule[], variants: readonly PlanVariant[]): Plan["fallbacks"] {
  const counts = decisionCounts(variants);
  return rules
    .filter(({ fallback }) => fallback === true)
    .map(({ name }) => ({ rule: name, count: counts.get(name) ?? 0 }));
}

/** What a person should know before running the plan. */
export function collectWarnings(
  plan: Plan,
  idle: readonly IdleRule[],
  more: readonly PlanWarning[],
): readonly PlanWarning[] {
  const shadowed = idle.map(
    ({ rule, why }): PlanWarning => ({
      code: "rule-decides-nothing",
      message: `rule '${rule.name}' (${printOrigin(rule.origin)}) decides nothing: ${why}`,
      hint: "leave the rule out, or put it further up",
    }),
  );
  const copies = plan.weights.flatMap(({ weight, copies: of }): readonly PlanWarning[] => {
    const extra = of.filter(({ because }) => because.kind === "layout");
    const [copy] = extra;
    if (copy === undefined) return [];
    const bytes = extra.reduce((sum, each) => sum + each.bytes, 0);
    return [
      {
        code: "weight-in-two-layouts",
        message: `'${weight}' is held on ${copy.device} in ${of.filter(({ device }) => device === copy.device).length} layouts, because different kernels read it: ${formatBytes(bytes)} more`,
        hint: `store it in one layout with a store rule; explain '${weight}' shows which kernels read it`,
      },
    ];
  });
  return [
    ...shadowed,
    ...copies,
    ...missingKernels(plan),
    ...convertedWeights(plan),
    ...fusedWeightsApart(plan),
    ...more,
    ...unusedBudget(plan),
    ...missingKernelSplits(plan),
    ...idleDevice(plan),
  ];
}

/** One warning for each device with kernels that don't exist yet. */
function missingKernels(plan: Plan): readonly PlanWarning[] {
  const kernels = plannedKernels(plan);
  return plan.devices.flatMap(({ id }): readonly PlanWarning[] => {
    const here = kernels.filter(({ device }) => device === id).map(({ kernel }) => kernel);
    const [first] = here;
    if (first === undefined) return [];
    const what =
      here.length === 1 ? `the kernel '${first}' of ${id} is` : `${here.length} kernels of ${id} are`;
    return [
      {
        code: "planned-kernel",
        message: `${what} planned and not written yet (${here.slice(0, 3).join(", ")}${here.length > 3 ? ", …" : ""}): this plan can be read, not run`,
        hint: "store and place what it should run on a device whose kernels exist",
      },
    ];
  });
}
