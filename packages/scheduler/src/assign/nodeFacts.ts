import type { GraphView, NodeInfo } from "../graph/graphView.ts";
import { type Facts, layerOf } from "../rules/selector.ts";
import { dimSize } from "../verdicts/dims.ts";
import { shapesOf } from "../verdicts/verdicts.ts";

/** The composites that a node was lowered from, innermost first. */
export type Ancestors = ReadonlyMap<string, readonly { readonly id: string; readonly op: string }[]>;

/** What selectors can ask of a node; `above`: the composites that it was lowered from, innermost first. */
function factsOf(info: NodeInfo, above: readonly { readonly id: string; readonly op: string }[]): Facts {
  const { node, weights, states } = info;
  return {
    kind: "node",
    id: node.id,
    ops: [node.op, ...above.map(({ op }) => op)],
    within: above.map(({ id }) => id),
    weights,
    states,
    layer: layerOf(node.id),
    dimension: (name) => dimSize(name, shapesOf(info)),
  };
}

/** What selectors can ask of each node, in the graph's order. */
export const nodeFacts = ({ nodes }: GraphView, ancestors: Ancestors): readonly Facts[] =>
  nodes.map((info) => factsOf(info, ancestors.get(info.node.id) ?? []));

/** What selectors can ask of a part of a composite with these facts. */
export const factsOfPart = (part: NodeInfo, { id, ops: [op = "", ...ops], within }: Facts): Facts =>
  factsOf(part, [{ id, op }, ...within.map((above, i) => ({ id: above, op: ops[i] ?? "" }))]);
