import type { GraphView } from "../graph/graphView.ts";
import { type Facts, layerOf } from "../rules/selector.ts";

/** The composites that a node was lowered from, innermost first. */
export type Ancestors = ReadonlyMap<string, readonly { readonly id: string; readonly op: string }[]>;

/** What selectors can ask of each node, in the graph's order. */
export const nodeFacts = ({ nodes }: GraphView, ancestors: Ancestors): readonly Facts[] =>
  nodes.map(({ node, weights, states }) => {
    const above = ancestors.get(node.id) ?? [];
    return {
      kind: "node",
      id: node.id,
      ops: [node.op, ...above.map(({ op }) => op)],
      within: above.map(({ id }) => id),
      weights,
      states,
      layer: layerOf(node.id),
    };
  });
