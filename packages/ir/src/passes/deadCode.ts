import { type Graph, type GraphNode, outputId, type ValueId } from "../graph/graph.ts";
import type { OpSet } from "../op/registry.ts";
import type { Pass } from "./pass.ts";

const changesState = (node: GraphNode, ops: OpSet): boolean =>
  Object.values(ops.get(node.op).aliases).some(({ mutates }) => mutates);

/** Keeps what the outputs need and what changes a state. Inputs and states are the graph's interface and stay. */
export const deadCode: Pass = {
  name: "dead-code",
  doc: "Removes nodes whose results nothing needs, and weights that no node reads any more.",
  run(graph: Graph, ops: OpSet): Graph {
    const needed = new Set<ValueId>(graph.outputs.map(({ value }) => value));
    const alive = (node: GraphNode): boolean =>
      changesState(node, ops) ||
      Object.keys(node.outputs).some((name) => needed.has(outputId(node.id, name)));
    const kept: GraphNode[] = [];
    for (const node of graph.nodes.toReversed()) {
      if (!alive(node)) continue;
      kept.push(node);
      for (const value of Object.values(node.inputs)) needed.add(value);
    }
    const weights = graph.weights.filter(({ id }) => needed.has(id));
    if (kept.length === graph.nodes.length && weights.length === graph.weights.length) return graph;
    return Object.freeze({ ...graph, weights: Object.freeze(weights), nodes: Object.freeze(kept.reverse()) });
  },
};
