import type { Plan, PlanSplit, PlanTransfer, PlanVariant } from "../plan/plan.ts";
import { chooseVariants, type VariantChoice } from "./chooseVariants.ts";
import { storedOf } from "./explainNode.ts";
import { storedRules } from "./storedRules.ts";
import { makerOf, variantFacts } from "./variantFacts.ts";

/** A node, the rule that put it on its device, and the store rules that this rule went by. */
export interface SplitEnd {
  readonly node: string;
  readonly device: string;
  readonly rule: string;
  readonly stored: readonly { readonly id: string; readonly rule: string }[];
}

/**
 * Why a split begins. `start`: the step's first. `crossing`: `node` needs `value`, which another device makes after the device's earlier
 * splits were done with all they could do. `weight`: `node` computes with a weight that is copied in for this step. `free`: the device's first split, which needs nothing from others.
 */
type SplitCause =
  | { readonly kind: "start" }
  | { readonly kind: "crossing"; readonly value: string; readonly node: SplitEnd; readonly made: SplitEnd }
  | { readonly kind: "weight"; readonly value: string; readonly node: SplitEnd; readonly from: string }
  | { readonly kind: "free"; readonly node: SplitEnd };

export interface SplitBoundary {
  readonly split: string;
  readonly device: string;
  /** The device of the split before it, in the plan's order. */
  readonly after: string | null;
  readonly nodes: number;
  readonly cause: SplitCause;
}

export interface VariantSplits {
  readonly variant: string;
  /** One for each split, in the plan's order. */
  readonly boundaries: readonly SplitBoundary[];
}

const followedStore = (plan: Plan, rule: string): boolean => {
  const action = plan.rules.find(({ name }) => name === rule)?.do;
  return (
    action !== undefined && "follow" in action && (action.follow === "weight" || action.follow === "state")
  );
};

function endOf(plan: Plan, variant: PlanVariant, id: string): SplitEnd {
  const found = variantFacts(plan, variant).nodes.get(id);
  const rule = variant.decisions[found?.assigned.decision ?? -1]?.rule ?? "";
  const names = followedStore(plan, rule) ? storedOf(plan, [variant], id) : [];
  const rules = storedRules(plan);
  const stored = names.map((name) => ({ id: name, rule: rules.get(name) ?? "" }));
  return { node: id, device: found?.assigned.device ?? "", rule, stored };
}

const nodeAt = (plan: Plan, variant: PlanVariant, position: number): string =>
  plan.nodes[variant.nodes[position]?.node ?? -1]?.id ?? "";

/** The copy that the split had to wait for although its device had nothing else to do: the last that was made. */
function awaited(
  { waits }: PlanSplit,
  last: number,
  transfers: ReadonlyMap<string, PlanTransfer>,
  order: ReadonlyMap<string, number>,
): PlanTransfer | undefined {
  let found: PlanTransfer | undefined;
  const madeAt = ({ after }: PlanTransfer) => order.get(after ?? "") ?? -1;
  for (const wait of waits) {
    const transfer = transfers.get(wait);
    if (transfer?.kind !== "activation" || madeAt(transfer) <= last) continue;
    if (found === undefined || madeAt(transfer) > madeAt(found)) found = transfer;
  }
  return found;
}

/** The split's first weight that has to be brought for it, if there is one: such copies wait for no split. */
function weightCause(
  plan: Plan,
  variant: PlanVariant,
  { id, waits }: PlanSplit,
  transfers: ReadonlyMap<string, PlanTransfer>,
): SplitCause | undefined {
  const brought = waits
    .map((wait) => transfers.get(wait))
    .find((each) => each?.after === "" || (each?.kind === "stream" && each.before[0] === id));
  const [reader] = brought?.consumers ?? [];
  if (brought === undefined || reader === undefined) return undefined;
  return { kind: "weight", value: brought.value, from: brought.from, node: endOf(plan, variant, reader) };
}

function boundariesOf(plan: Plan, variant: PlanVariant): readonly SplitBoundary[] {
  const order = new Map(variant.splits.map(({ id }, at) => [id, at]));
  const transfers = new Map(variant.transfers.map((transfer) => [transfer.id, transfer]));
  const lastOn = new Map<string, number>();
  return variant.splits.map((split, at): SplitBoundary => {
    const previous = lastOn.get(split.device) ?? -1;
    lastOn.set(split.device, at);
    const first = nodeAt(plan, variant, split.nodes[0] ?? -1);
    const transfer = awaited(split, previous, transfers, order);
    const mine = new Set(split.nodes.map((position) => nodeAt(plan, variant, position)));
    const reader = transfer?.consumers.find((node) => mine.has(node)) ?? first;
    const cause: SplitCause =
      at === 0
        ? { kind: "start" }
        : transfer === undefined
          ? (weightCause(plan, variant, split, transfers) ?? {
              kind: "free",
              node: endOf(plan, variant, first),
            })
          : {
              kind: "crossing",
              value: transfer.value,
              node: endOf(plan, variant, reader),
              made: endOf(plan, variant, makerOf(transfer.value)),
            };
    return {
      split: split.id,
      device: split.device,
      after: variant.splits[at - 1]?.device ?? null,
      nodes: split.nodes.length,
      cause,
    };
  });
}

/** Why there are as many splits as there are: for each, the node and the rule that made it necessary. @throws TensorplanError `plan/no-variant` */
export const explainSplits = (plan: Plan, choice: VariantChoice = {}): readonly VariantSplits[] =>
  chooseVariants(plan, choice).map((variant) => ({
    variant: variant.id,
    boundaries: boundariesOf(plan, variant),
  }));
