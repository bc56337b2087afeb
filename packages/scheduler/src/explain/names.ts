import { TensorplanError } from "@tensorplan/ir";
import type { Plan, PlanVariant } from "../plan/plan.ts";
import { compilePattern } from "../rules/selector.ts";
import { nearNames } from "./nearNames.ts";
import { variantFacts } from "./variantFacts.ts";

/** What a name or glob stands for in a plan, each kind in the plan's order. */
export interface NamedThings {
  /** Nodes, and composites that were done in parts. */
  readonly nodes: readonly string[];
  readonly weights: readonly string[];
  readonly states: readonly string[];
}

/** A composite stands in front of its parts. */
function nodeNames(plan: Plan, variants: readonly PlanVariant[]): readonly string[] {
  const names = new Set<string>();
  for (const variant of variants) {
    const { nodes, lowerings } = variantFacts(plan, variant);
    for (const id of nodes.keys()) {
      for (let dot = id.indexOf("."); dot > 0; dot = id.indexOf(".", dot + 1)) {
        const above = id.slice(0, dot);
        if (lowerings.has(above)) names.add(above);
      }
      names.add(id);
    }
  }
  return [...names];
}

/**
 * The nodes, weights and caches that a name means; a glob (`blk.*.attn.q`, `*` stands for anything) means all that match.
 *
 * @throws TensorplanError `explain/unknown`, with names that are close
 */
export function namedThings(plan: Plan, wanted: string, variants: readonly PlanVariant[]): NamedThings {
  const matches = compilePattern(wanted);
  const nodes = nodeNames(plan, variants);
  const weights = plan.weights.map(({ weight }) => weight);
  const states = plan.states.map(({ state }) => state);
  const found = {
    nodes: nodes.filter(matches),
    weights: weights.filter(matches),
    states: states.filter(matches),
  };
  if (found.nodes.length + found.weights.length + found.states.length > 0) return found;
  const near = nearNames(wanted, [...nodes, ...weights, ...states]);
  throw new TensorplanError({
    code: "explain/unknown",
    message: `the plan has no node, weight or cache '${wanted}'`,
    hint:
      near.length > 0
        ? `did you mean ${near.join(", ")}?`
        : "`tensorplan plan --phase decode` lists all nodes",
  });
}
