import type { Graph } from "@tensorplan/ir";
import type { Rule } from "../rules/rule.ts";
import { namePattern } from "./namePattern.ts";
import type { ShardParts } from "./shardGraph.ts";

/** `positions 0 to 1407 of ffn`. */
const rangeText = (axis: string, first: number, count: number): string =>
  `positions ${first} to ${first + count - 1} of ${axis}`;

/**
 * The rules that a shard rule stands for: each part's weights are stored, and its nodes run, on the part's device; what puts parts together
 * runs on the first. Slices of operands run where the operand is, so that only the slice is copied: the defaults say so.
 */
export function partRules(graph: Graph, { cut, weights, nodes, joins }: ShardParts): readonly Rule[] {
  const { rule, axis, devices, ranges } = cut;
  const made = (name: string, when: Rule["when"], action: Rule["do"], why: string): Rule => ({
    name: `${rule.name}: ${name}`,
    origin: { kind: "shard", rule: rule.name },
    when,
    do: action,
    else: rule.else,
    why,
    optional: true,
  });
  const weightNames = graph.weights.map(({ id }) => id as string);
  const nodeNames = graph.nodes.map(({ id }) => id as string);
  const parts = ranges.flatMap(({ first, count }, part): Rule[] => {
    const device = devices[part] as string;
    const why = `part ${part}: ${rangeText(axis, first, count)}`;
    const stored = namePattern([...(weights[part] ?? [])], weightNames, `*@${part}`);
    const placed = namePattern([...(nodes[part] ?? [])], nodeNames, `*@${part}`);
    return [
      made(`weights of part ${part}`, { kind: "weight", weight: stored }, { store: device }, why),
      made(`nodes of part ${part}`, { path: placed }, { place: device }, why),
    ];
  });
  if (joins.size === 0) return parts;
  const joined = namePattern([...joins], nodeNames, "*@join*");
  const why = "parts come together on the first of the rule's devices";
  return [...parts, made("parts come together", { path: joined }, { place: devices[0] as string }, why)];
}
