import type {
  Plan,
  PlanAssignment,
  PlanLowering,
  PlanNode,
  PlanSplit,
  PlanTransfer,
  PlanVariant,
} from "../plan/plan.ts";

/** A node of a variant with where it runs. */
export interface NodeFacts {
  readonly node: PlanNode;
  readonly assigned: PlanAssignment;
  /** Nothing runs for views: they have none. */
  readonly split: PlanSplit | undefined;
}

/** What a variant says, found by names; made once for each variant. */
export interface VariantFacts {
  readonly nodes: ReadonlyMap<string, NodeFacts>;
  readonly lowerings: ReadonlyMap<string, PlanLowering>;
  /** Nodes that a composite was done as, by the composite's path; those of nested composites included. */
  readonly partsOf: (composite: string) => readonly string[];
  /** The weight, cache, input or value whose bytes a value's are: looks through views and later versions of caches. */
  readonly rootOf: (value: string) => string;
  /** Copies that a node reads, and copies of values that it makes. */
  readonly copiesFor: ReadonlyMap<string, readonly PlanTransfer[]>;
  readonly copiesOf: ReadonlyMap<string, readonly PlanTransfer[]>;
}

const known = new WeakMap<PlanVariant, VariantFacts>();

function append<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}

/** The node that makes a value: `blk.1.route` of `blk.1.route:ids`. */
export const makerOf = (value: string): string => value.split(":")[0] as string;

/** What values share their bytes with, where it isn't themselves. Nodes stand behind those that they read. */
function rootsOf(nodes: readonly PlanNode[]): ReadonlyMap<string, string> {
  const roots = new Map<string, string>();
  for (const { id, inputs, outputs, aliases = {} } of nodes) {
    for (const name of Object.keys(outputs)) {
      const operand = aliases[name] === undefined ? undefined : inputs[aliases[name]];
      if (operand !== undefined)
        roots.set(name === "out" ? id : `${id}:${name}`, roots.get(operand) ?? operand);
    }
  }
  return roots;
}

/** Look-ups into a variant; the same variant object gives the same ones. */
export function variantFacts(plan: Plan, variant: PlanVariant): VariantFacts {
  const before = known.get(variant);
  if (before !== undefined) return before;
  const splitOf = new Map<number, PlanSplit>();
  for (const split of variant.splits) for (const at of split.nodes) splitOf.set(at, split);
  const nodes = new Map<string, NodeFacts>();
  variant.nodes.forEach((assigned, at) => {
    const node = plan.nodes[assigned.node];
    if (node !== undefined) nodes.set(node.id, { node, assigned, split: splitOf.get(at) });
  });
  const lowerings = new Map(variant.lowerings.map((lowering) => [lowering.node, lowering]));
  const parts = new Map<string, string[]>();
  for (const id of nodes.keys()) {
    for (let dot = id.lastIndexOf("."); dot > 0; dot = id.lastIndexOf(".", dot - 1)) {
      const above = id.slice(0, dot);
      if (lowerings.has(above)) append(parts, above, id);
    }
  }
  const copiesFor = new Map<string, PlanTransfer[]>();
  const copiesOf = new Map<string, PlanTransfer[]>();
  for (const transfer of variant.transfers) {
    append(copiesOf, makerOf(transfer.value), transfer);
    for (const consumer of transfer.consumers) append(copiesFor, consumer, transfer);
  }
  const roots = rootsOf([...nodes.values()].map(({ node }) => node));
  const facts: VariantFacts = {
    nodes,
    rootOf: (value) => roots.get(value) ?? value,
    lowerings,
    partsOf: (composite) => parts.get(composite) ?? [],
    copiesFor,
    copiesOf,
  };
  known.set(variant, facts);
  return facts;
}
