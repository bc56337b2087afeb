import type { DeviceEligibility, Plan, PlanVariant } from "../plan/plan.ts";
import type { StepDim } from "../rules/rule.ts";
import type { Decision } from "../rules/ruleBook.ts";
import { type NodeFacts, variantFacts } from "./variantFacts.ts";

/** Nodes that a larger step runs elsewhere, by another kernel or in another way, for one reason. */
export interface Change {
  readonly what: "device" | "kernel" | "lowering";
  readonly before: string;
  readonly after: string;
  /** Where the kernels run that change. */
  readonly device: string | null;
  readonly nodes: readonly string[];
  /** The rule that decides in the larger step. */
  readonly rule: string;
  /** The predicate, of a rule or of a kernel, that turned; empty where the node only follows another one. */
  readonly because: readonly string[];
}

type Single = Omit<Change, "nodes"> & { readonly node: string };

/** Reasons against a rule, those about the size that is crossed if there are any. */
function triedIn({ tried }: Decision, rule: string, dim: StepDim): readonly string[] {
  const reasons = tried.filter((each) => each.rule === rule).map(({ why }) => why);
  const crossed = reasons.filter(
    (why) => why.startsWith(`${dim} `) || (dim === "tokens" && why.startsWith("tokensPer")),
  );
  return crossed.length > 0 ? crossed : reasons;
}

/** Why one rule decides before and another one after. */
function rulesTurned(before: Decision, after: Decision, dim: StepDim): readonly string[] {
  if (before.rule === after.rule) return [];
  const below = triedIn(before, after.rule, dim).map(
    (why) => `below, rule '${after.rule}' does not apply: ${why}`,
  );
  const above = triedIn(after, before.rule, dim).map(
    (why) => `from here on, rule '${before.rule}' does not apply: ${why}`,
  );
  return below.length > 0 ? below : above;
}

const verdictOn = (
  plan: Plan,
  { assigned }: NodeFacts,
  device: string | null,
): DeviceEligibility | undefined =>
  plan.eligibility[assigned.eligibility]?.devices.find((each) => each.device === device);

/** Why a kernel that runs on one side of the threshold doesn't on the other. */
function kernelsTurned(
  plan: Plan,
  before: NodeFacts,
  after: NodeFacts,
  device: string | null,
): readonly string[] {
  const refusal = (facts: NodeFacts, kernel: string | null) =>
    verdictOn(plan, facts, device)?.refused.find((each) => each.kernel === kernel)?.why;
  const [old, made] = [
    verdictOn(plan, before, device)?.kernel ?? null,
    verdictOn(plan, after, device)?.kernel ?? null,
  ];
  if (old === made) return [];
  const gone = refusal(after, old);
  const missing = refusal(before, made);
  return [
    ...(gone === undefined ? [] : [`from here on, ${old} doesn't fit: ${gone}`]),
    ...(missing === undefined ? [] : [`below, ${made} doesn't fit: ${missing}`]),
  ];
}

function loweringChanges(before: PlanVariant, after: PlanVariant, dim: StepDim): readonly Single[] {
  const old = new Map(before.lowerings.map((lowering) => [lowering.node, lowering]));
  return after.lowerings.flatMap(({ node, lowering, decision }): readonly Single[] => {
    const was = old.get(node);
    if (was === undefined || was.lowering === lowering) return [];
    const [from, to] = [before.decisions[was.decision] as Decision, after.decisions[decision] as Decision];
    const turned = rulesTurned(from, to, dim);
    const refused = to.tried.filter(({ rule, outcome }) => rule === from.rule && outcome === "refused");
    const because = turned.length > 0 ? turned : refused.map(({ why }) => why);
    return [
      { what: "lowering", before: was.lowering, after: lowering, device: null, node, rule: to.rule, because },
    ];
  });
}

function nodeChanges(plan: Plan, before: PlanVariant, after: PlanVariant, dim: StepDim): readonly Single[] {
  const old = variantFacts(plan, before).nodes;
  return [...variantFacts(plan, after).nodes.values()].flatMap((facts): readonly Single[] => {
    const was = old.get(facts.node.id);
    const { assigned, node } = facts;
    if (was === undefined || assigned.device === null || was.assigned.device === null) return [];
    const [from, to] = [
      before.decisions[was.assigned.decision] as Decision,
      after.decisions[assigned.decision] as Decision,
    ];
    const one = { node: node.id, rule: to.rule };
    if (was.assigned.device !== assigned.device) {
      const turned = rulesTurned(from, to, dim);
      const because =
        turned.length > 0
          ? turned
          : [
              ...kernelsTurned(plan, was, facts, was.assigned.device),
              ...kernelsTurned(plan, was, facts, assigned.device),
            ];
      return [
        {
          ...one,
          what: "device",
          before: was.assigned.device,
          after: assigned.device,
          device: null,
          because,
        },
      ];
    }
    if (was.assigned.kernel === assigned.kernel) return [];
    const because = kernelsTurned(plan, was, facts, assigned.device);
    const names = { before: was.assigned.kernel ?? "", after: assigned.kernel ?? "" };
    return [{ ...one, what: "kernel", ...names, device: assigned.device, because }];
  });
}

/** What is decided otherwise in `after`, which follows `before` along one size of the step; nodes with the same change and reason together. */
export function changesBetween(
  plan: Plan,
  before: PlanVariant,
  after: PlanVariant,
  dim: StepDim,
): readonly Change[] {
  const groups = new Map<string, Omit<Change, "nodes"> & { readonly nodes: string[] }>();
  for (const { node, ...change } of [
    ...loweringChanges(before, after, dim),
    ...nodeChanges(plan, before, after, dim),
  ]) {
    const key = JSON.stringify(change);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { ...change, nodes: [node] });
    else group.nodes.push(node);
  }
  return [...groups.values()];
}
