import type { Graph } from "@tensorplan/ir";
import { storedFacts } from "../residence/storedFacts.ts";
import type { Action, Rule } from "../rules/rule.ts";
import { compileRule } from "../rules/ruleBook.ts";

export type ShardRule = Rule & {
  readonly do: Extract<Action, { readonly shard: object }>;
};

export const isShardRule = (rule: Rule): rule is ShardRule => "shard" in rule.do;

/** What a shard rule found. All are names of weights that nodes read, in the graph's order, but for `decidedBy`. */
export interface Selected {
  readonly rule: ShardRule;
  /** Weights that it cuts. */
  readonly cuts: string[];
  /** Weights that it speaks of and that don't have its axis. */
  readonly withoutAxis: string[];
  /** Weights that it would have to leave whole. */
  readonly leftWhole: string[];
  /** Rules before it that decide about what it speaks of. */
  readonly decidedBy: Set<string>;
}

/**
 * Asks store and shard rules, in their order, about every weight that some node reads: the first that matches decides. A shard rule
 * matches weights that have its axis.
 *
 * @param leftWhole weights that a rule has to leave to the next one, by its name
 * @throws TensorplanError `rules/regex`
 */
export function selectWeights(
  graph: Graph,
  rules: readonly Rule[],
  leftWhole: ReadonlyMap<string, ReadonlySet<string>>,
): readonly Selected[] {
  const read = new Set<string>(graph.nodes.flatMap(({ inputs }) => Object.values(inputs)));
  const axesOf = new Map(graph.weights.map(({ id, axes }) => [id as string, axes]));
  const selected = new Map<string, Selected>();
  const asked = rules.flatMap((rule) => {
    if (isShardRule(rule)) {
      selected.set(rule.name, { rule, cuts: [], withoutAxis: [], leftWhole: [], decidedBy: new Set() });
    }
    return isShardRule(rule) || "store" in rule.do ? [compileRule(rule)] : [];
  });
  for (const facts of storedFacts(graph)) {
    if (facts.kind !== "weight" || !read.has(facts.id)) continue;
    let decidedBy: string | undefined;
    for (const { rule, matches } of asked) {
      const found = selected.get(rule.name);
      if (found === undefined && decidedBy !== undefined) continue;
      if (matches(facts, undefined) !== undefined) continue;
      if (found === undefined) decidedBy = rule.name;
      else if (axesOf.get(facts.id)?.includes(found.rule.do.shard.axis) !== true)
        found.withoutAxis.push(facts.id);
      else if (decidedBy !== undefined) found.decidedBy.add(decidedBy);
      else if (leftWhole.get(rule.name)?.has(facts.id) === true) found.leftWhole.push(facts.id);
      else {
        found.cuts.push(facts.id);
        decidedBy = rule.name;
      }
    }
  }
  return [...selected.values()];
}
