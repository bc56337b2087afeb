import { TensorplanError } from "@tensorplan/ir";
import { distance } from "fastest-levenshtein";
import type { Plan, PlanVariant } from "../plan/plan.ts";
import { compilePattern } from "../rules/selector.ts";
import { maskLayers } from "./layerNames.ts";
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

function nearNames(wanted: string, names: readonly string[]): readonly string[] {
  const last = wanted.split(".").at(-1) ?? wanted;
  const holding = names.filter((name) => name.includes(wanted) || name.endsWith(`.${last}`));
  if (holding.length > 0) return holding.slice(0, 5);
  const text = maskLayers(wanted);
  const most = Math.max(2, Math.floor(wanted.length / 4));
  const near = names
    .map((name, at) => ({ name, at, by: distance(text, maskLayers(name)), whole: distance(wanted, name) }))
    .filter(({ by }) => by <= most)
    .sort((a, b) => a.by - b.by || a.whole - b.whole || a.at - b.at);
  return near.slice(0, 5).map(({ name }) => name);
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
