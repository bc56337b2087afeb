import type { Graph, ValueId } from "../graph/graph.ts";

/** How often each value is read, by nodes and as an output of the graph. */
export function countUses(graph: Graph): ReadonlyMap<ValueId, number> {
  const uses = new Map<ValueId, number>();
  const use = (id: ValueId) => uses.set(id, (uses.get(id) ?? 0) + 1);
  for (const node of graph.nodes) Object.values(node.inputs).forEach(use);
  for (const { value } of graph.outputs) use(value);
  return uses;
}
