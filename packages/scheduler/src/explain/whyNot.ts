import { TensorplanError } from "@tensorplan/ir";
import type { DeviceEligibility, Plan, PlanVariant } from "../plan/plan.ts";
import { deviceNamed } from "../rules/deviceName.ts";
import type { Rule } from "../rules/rule.ts";
import type { Decision } from "../rules/ruleBook.ts";
import { chooseVariants, type ForVariants, perVariants, type VariantChoice } from "./chooseVariants.ts";
import { storedOf } from "./explainNode.ts";
import { namedThings } from "./names.ts";
import { suggestRules } from "./suggestRules.ts";
import { type NodeFacts, variantFacts } from "./variantFacts.ts";

/** A weight or cache that a node reads and that the device doesn't hold. */
interface Elsewhere {
  readonly kind: "weight" | "cache";
  readonly id: string;
  readonly device: string;
  /** The rule that stored it there. */
  readonly rule: string;
}

/** Why a node isn't on the device, in some variants. */
export interface WhyNotAnswer {
  readonly runsOn: string;
  readonly kernel: string | null;
  readonly decision: Decision;
  /** What the device could do, by its kernels alone. */
  readonly verdict: DeviceEligibility;
  readonly elsewhere: readonly Elsewhere[];
}

export interface WhyNotNode {
  readonly node: string;
  readonly op: string;
  /** `there`: it runs on the device in every variant asked about; `view`: nothing runs for it. */
  readonly state: "elsewhere" | "there" | "view";
  readonly answers: readonly ForVariants<WhyNotAnswer>[];
}

export interface WhyNotStored {
  readonly id: string;
  readonly kind: "weight" | "cache";
  readonly devices: readonly string[];
  readonly decision: Decision;
}

export interface WhyNot {
  readonly device: string;
  readonly asked: string;
  readonly nodes: readonly WhyNotNode[];
  readonly stored: readonly WhyNotStored[];
  /** Rules that would bring what can go there to the device, to be put in front of the user's; empty where nothing can or all is there. */
  readonly rules: readonly Rule[];
  /** Nodes that no rule can bring there, because the device has no kernel for them, and what they read. */
  readonly impossible: readonly string[];
}

function elsewhere(
  plan: Plan,
  variants: readonly PlanVariant[],
  id: string,
  device: string,
): readonly Elsewhere[] {
  const names = storedOf(plan, variants, id);
  return [
    ...plan.weights.flatMap(({ weight, copies, decision }): readonly Elsewhere[] => {
      const [home] = copies;
      if (!names.includes(weight) || home === undefined || copies.some((copy) => copy.device === device))
        return [];
      return [{ kind: "weight", id: weight, device: home.device, rule: decision.rule }];
    }),
    ...plan.states.flatMap((state): readonly Elsewhere[] =>
      names.includes(state.state) && state.device !== device
        ? [{ kind: "cache", id: state.state, device: state.device, rule: state.decision.rule }]
        : [],
    ),
  ];
}

function answerFor(
  plan: Plan,
  variant: PlanVariant,
  facts: NodeFacts,
  device: string,
): WhyNotAnswer | undefined {
  const { assigned, node } = facts;
  if (assigned.device === null || assigned.device === device) return undefined;
  const verdict = plan.eligibility[assigned.eligibility]?.devices.find((each) => each.device === device);
  return {
    runsOn: assigned.device,
    kernel: assigned.kernel,
    decision: variant.decisions[assigned.decision] as Decision,
    verdict: verdict ?? { device, kernel: null, refused: [] },
    elsewhere: elsewhere(plan, [variant], node.id, device),
  };
}

function nodeAnswers(plan: Plan, variants: readonly PlanVariant[], id: string, device: string): WhyNotNode {
  const found = variants.flatMap((variant) => variantFacts(plan, variant).nodes.get(id) ?? []);
  const answers = perVariants(
    variants,
    (variant) => {
      const facts = variantFacts(plan, variant).nodes.get(id);
      return facts === undefined ? undefined : answerFor(plan, variant, facts, device);
    },
    (answer) => JSON.stringify(answer),
  );
  const views = found.every(({ assigned }) => assigned.device === null);
  return {
    node: id,
    op: found[0]?.node.op ?? "",
    state: answers.length > 0 ? "elsewhere" : views ? "view" : "there",
    answers,
  };
}

/** Weights and caches that some node reads for which the device has no kernel: they are of no use there. */
function unreadableThings(plan: Plan, variants: readonly PlanVariant[], device: string): ReadonlySet<string> {
  const stuck = new Set<string>();
  for (const variant of variants) {
    const { nodes, rootOf } = variantFacts(plan, variant);
    for (const { node, assigned } of nodes.values()) {
      const verdict = plan.eligibility[assigned.eligibility]?.devices.find((each) => each.device === device);
      if (verdict === undefined || verdict.kernel !== null) continue;
      for (const value of Object.values(node.inputs)) stuck.add(rootOf(value));
    }
  }
  return stuck;
}

/**
 * Why what a name or glob means isn't on a device: the rule that came first, whether the device's kernels could run it, what it reads
 * that lives elsewhere, and which rules would bring it there. A composite that was done in parts is answered by its parts.
 *
 * @param name the device's id, or ggml's spelling of it
 * @throws TensorplanError `plan/unknown-device`, `explain/unknown`, `plan/no-variant`
 */
export function whyNot(plan: Plan, name: string, wanted: string, choice: VariantChoice = {}): WhyNot {
  const known = plan.devices.map(({ id }) => id);
  const device = deviceNamed(name, known);
  if (device === undefined) {
    throw new TensorplanError({
      code: "plan/unknown-device",
      message: `the plan has no device '${name}'`,
      hint: `the devices are: ${known.join(", ")}`,
    });
  }
  const variants = chooseVariants(plan, choice);
  const things = namedThings(plan, wanted, variants);
  const partsOrSelf = (id: string) =>
    variants.flatMap((variant) => {
      const { nodes, partsOf } = variantFacts(plan, variant);
      return nodes.has(id) ? [id] : partsOf(id);
    });
  const ids = [...new Set(things.nodes.flatMap(partsOrSelf))];
  const nodes = ids.map((id) => nodeAnswers(plan, variants, id, device));
  const stored = [
    ...plan.weights
      .filter(({ weight }) => things.weights.includes(weight))
      .map(({ weight, copies, decision }): WhyNotStored => {
        return { id: weight, kind: "weight", devices: copies.map((copy) => copy.device), decision };
      }),
    ...plan.states
      .filter(({ state }) => things.states.includes(state))
      .map((state): WhyNotStored => {
        return { id: state.state, kind: "cache", devices: [state.device], decision: state.decision };
      }),
  ];
  const able = ({ answers }: WhyNotNode) =>
    answers.length > 0 && answers.every(({ answer }) => answer.verdict.kernel !== null);
  const movable = nodes.filter(able);
  const away = nodes.filter(({ state }) => state === "elsewhere");
  const stuck = unreadableThings(plan, variants, device);
  return {
    device,
    asked: wanted,
    nodes,
    stored,
    rules: suggestRules({
      plan,
      device,
      wanted,
      nodes: movable,
      stored: stored.filter(({ id }) => !stuck.has(id)),
      allNodes: movable.length === away.length,
    }),
    impossible: [
      ...away.filter((node) => !able(node)).map(({ node }) => node),
      ...stored.filter(({ id }) => stuck.has(id)).map(({ id }) => id),
    ],
  };
}
