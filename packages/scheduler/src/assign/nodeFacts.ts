import type { GraphView } from "../graph/graphView.ts";
import { type Facts, layerOf } from "../rules/selector.ts";

/** Operations of the composites that a node was lowered from, innermost first. */
export type AncestorOps = ReadonlyMap<string, readonly string[]>;

/** What selectors can ask of each node, in the graph's order. */
export const nodeFacts = ({ nodes }: GraphView, ancestors: AncestorOps): readonly Facts[] =>
  nodes.map(({ node, weights, states }) => ({
    kind: "node",
    id: node.id,
    ops: [node.op, ...(ancestors.get(node.id) ?? [])],
    weights,
    states,
    layer: layerOf(node.id),
  }));
