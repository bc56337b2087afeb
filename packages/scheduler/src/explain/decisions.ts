import type { DeviceEligibility, Plan, PlanTransfer, PlanVariant } from "../plan/plan.ts";
import type { StateResidence, WeightResidence } from "../residence/residence.ts";
import type { Decision } from "../rules/ruleBook.ts";
import type { Box } from "../variants/box.ts";
import { chooseVariants, type VariantChoice } from "./chooseVariants.ts";
import { storedOf } from "./explainNode.ts";
import { namedThings } from "./names.ts";
import { variantFacts } from "./variantFacts.ts";

/** What one variant decided about a node. */
interface NodeDecision {
  readonly variant: string;
  readonly box: Box;
  readonly lowering: { readonly name: string; readonly decision: Decision } | null;
  readonly parts: readonly string[];
  /** Null for composites that were done in parts. */
  readonly placement: {
    readonly device: string | null;
    readonly kernel: string | null;
    readonly split: string | null;
    readonly decision: Decision | null;
    readonly devices: readonly DeviceEligibility[];
    readonly copies: readonly PlanTransfer[];
  } | null;
}

/** The decisions about one thing as data. */
export interface ThingDecisions {
  readonly id: string;
  readonly kind: "node" | "weight" | "cache";
  readonly op: string | null;
  readonly variants: readonly NodeDecision[];
  /** The thing itself, or what the node reads. */
  readonly weights: readonly WeightResidence[];
  readonly states: readonly StateResidence[];
}

function inVariant(plan: Plan, variant: PlanVariant, id: string): NodeDecision | undefined {
  const { nodes, lowerings, partsOf, copiesFor, copiesOf } = variantFacts(plan, variant);
  const lowered = lowerings.get(id);
  const found = nodes.get(id);
  if (lowered === undefined && found === undefined) return undefined;
  const decisionAt = (at: number) => variant.decisions[at] as Decision;
  return {
    variant: variant.id,
    box: variant.box,
    lowering:
      lowered === undefined ? null : { name: lowered.lowering, decision: decisionAt(lowered.decision) },
    parts: found === undefined ? partsOf(id) : [],
    placement:
      found === undefined
        ? null
        : {
            device: found.assigned.device,
            kernel: found.assigned.kernel,
            split: found.split?.id ?? null,
            decision: variant.decisions[found.assigned.decision] ?? null,
            devices: plan.eligibility[found.assigned.eligibility]?.devices ?? [],
            copies: [...(copiesFor.get(id) ?? []), ...(copiesOf.get(id) ?? [])],
          },
  };
}

/** The decisions about all that a name or glob means, as data. @throws as `explain` */
export function decisionsOf(
  plan: Plan,
  wanted: string,
  choice: VariantChoice = {},
): readonly ThingDecisions[] {
  const variants = chooseVariants(plan, choice);
  const { nodes, weights, states } = namedThings(plan, wanted, variants);
  const weightsCalled = (names: readonly string[]) =>
    plan.weights.filter(({ weight }) => names.includes(weight));
  const statesCalled = (names: readonly string[]) => plan.states.filter(({ state }) => names.includes(state));
  const stored = (id: string, kind: "weight" | "cache"): ThingDecisions => ({
    id,
    kind,
    op: null,
    variants: [],
    weights: weightsCalled([id]),
    states: statesCalled([id]),
  });
  return [
    ...nodes.map((id): ThingDecisions => {
      const reads = storedOf(plan, variants, id);
      const op = variants.flatMap((variant) => {
        const facts = variantFacts(plan, variant);
        return facts.nodes.get(id)?.node.op ?? facts.lowerings.get(id)?.op ?? [];
      });
      return {
        id,
        kind: "node",
        op: op[0] ?? null,
        variants: variants.flatMap((variant) => inVariant(plan, variant, id) ?? []),
        weights: weightsCalled(reads),
        states: statesCalled(reads),
      };
    }),
    ...weights.map((id) => stored(id, "weight")),
    ...states.map((id) => stored(id, "cache")),
  ];
}
