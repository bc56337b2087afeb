import { canonicalJson } from "../graph/canonicalJson.ts";
import { type Graph, type GraphNode, outputId, type ValueId } from "../graph/graph.ts";
import type { OpSet } from "../op/registry.ts";
import type { Pass } from "./pass.ts";

/**
 * Two nodes are the same when operation, attributes and operands are. A state's versions have different ids, so equal operands mean
 * equal contents; nodes that change a state are never merged.
 */
export const commonSubexpressions: Pass = {
  name: "common-subexpressions",
  doc: "Computes equal nodes once: later ones are dropped and their uses read the first.",
  run(graph: Graph, ops: OpSet): Graph {
    const first = new Map<string, GraphNode>();
    const instead = new Map<ValueId, ValueId>();
    const nodes: GraphNode[] = [];
    for (const node of graph.nodes) {
      const renamed = Object.values(node.inputs).some((id) => instead.has(id));
      const inputs = Object.fromEntries(
        Object.entries(node.inputs).map(([name, id]) => [name, instead.get(id) ?? id]),
      );
      const mutates = Object.values(ops.get(node.op).aliases).some((alias) => alias.mutates);
      const key = canonicalJson([node.op, node.attrs, inputs, node.outputs]);
      const same = mutates ? undefined : first.get(key);
      if (same !== undefined) {
        for (const name of Object.keys(node.outputs))
          instead.set(outputId(node.id, name), outputId(same.id, name));
        continue;
      }
      const kept = renamed ? Object.freeze({ ...node, inputs }) : node;
      first.set(key, kept);
      nodes.push(kept);
    }
    if (instead.size === 0) return graph;
    const outputs = graph.outputs.map(({ name, value }) => ({ name, value: instead.get(value) ?? value }));
    return Object.freeze({ ...graph, nodes: Object.freeze(nodes), outputs: Object.freeze(outputs) });
  },
};
