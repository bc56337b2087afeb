import { type DType, type Graph, type GraphNode, outputId } from "@tensorplan/ir";
import type { GraphView } from "../../graph/graphView.ts";

/** The graph with caches of another element type, their later versions and views included. */
export function withCacheType({ graph, values }: GraphView, dtype: DType): Graph {
  const retyped = (node: GraphNode): GraphNode => {
    const outputs = Object.entries(node.outputs).map(([name, type]) => {
      const ofState = values.get(outputId(node.id, name))?.root.kind === "state";
      return [name, ofState ? { ...type, dtype } : type] as const;
    });
    return { ...node, outputs: Object.fromEntries(outputs) };
  };
  return {
    ...graph,
    states: graph.states.map((state) => ({ ...state, dtype })),
    nodes: graph.nodes.map(retyped),
  };
}
