import type { Graph, OpSet } from "@tensorplan/ir";
import type { Rule } from "../rules/rule.ts";
import { validateRules } from "../rules/validate.ts";
import { decideCuts } from "./decideCuts.ts";
import { partRules } from "./partRules.ts";
import { isShardRule } from "./selectWeights.ts";
import { shardGraph } from "./shardGraph.ts";

/** A graph whose shard rules have been obeyed. */
export interface Sharded {
  readonly graph: Graph;
  /** The list with the rules that each shard rule stands for behind it. */
  readonly rules: readonly Rule[];
  /** Shard rules that could cut nothing of what they speak of, and gave way. */
  readonly idle: readonly { readonly rule: Rule; readonly why: string }[];
}

/** Rules that an earlier planning made are made anew: a plan's own list gives the same plan. */
function withoutMade(rules: readonly Rule[]): readonly Rule[] {
  const names = new Set(rules.filter(isShardRule).map(({ name }) => name));
  return rules.filter(({ origin }) => origin.kind !== "shard" || !names.has(origin.rule));
}

/**
 * Obeys the shard rules, before anything is placed: rewrites the graph into parts and what puts them together, and writes down where the
 * parts live and run as rules. A pure function of graph and rules; without shard rules both stay as they are.
 *
 * @param devices ids of all devices
 * @throws TensorplanError as `decideCuts`, and `rules/duplicate-name` where a rule is called as one that is made
 */
export function shard(graph: Graph, ops: OpSet, rules: readonly Rule[], devices: readonly string[]): Sharded {
  if (!rules.some(isShardRule)) return { graph, rules, idle: [] };
  const listed = withoutMade(rules);
  const cuts = decideCuts(graph, listed);
  const { graph: rewritten, parts } = shardGraph(graph, ops, cuts);
  const made = new Map(parts.map((each) => [each.cut.rule.name, partRules(rewritten, each)]));
  const whole = listed.flatMap((rule) => [rule, ...(made.get(rule.name) ?? [])]);
  validateRules(whole, devices);
  return { graph: rewritten, rules: whole, idle: cuts.idle };
}
