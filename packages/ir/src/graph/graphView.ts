import { DirectedGraph } from "graphology";
import { type Graph, type GraphNode, outputId, type ValueId } from "./graph.ts";

/** A vertex is an input, a weight, a state or a node, under its own id. */
export interface VertexAttributes {
  readonly kind: "input" | "weight" | "state" | "node";
  readonly node?: GraphNode;
}

/** An edge runs from where a value is made to a node that uses it. */
export interface EdgeAttributes {
  readonly uses: { readonly value: ValueId; readonly operand: string }[];
}

export type GraphView = DirectedGraph<VertexAttributes, EdgeAttributes>;

/** The graph as a graphology `DirectedGraph`, for analysis with that library's algorithms. */
export function graphView(graph: Graph): GraphView {
  const view = new DirectedGraph<VertexAttributes, EdgeAttributes>();
  const makerOf = new Map<ValueId, string>();
  const leaf = (kind: "input" | "weight" | "state") => (decl: { readonly id: ValueId }) => {
    view.addNode(decl.id, { kind });
    makerOf.set(decl.id, decl.id);
  };
  graph.inputs.forEach(leaf("input"));
  graph.weights.forEach(leaf("weight"));
  graph.states.forEach(leaf("state"));
  for (const node of graph.nodes) {
    view.addNode(node.id, { kind: "node", node });
    for (const output of Object.keys(node.outputs)) makerOf.set(outputId(node.id, output), node.id);
  }
  for (const node of graph.nodes) {
    for (const [operand, value] of Object.entries(node.inputs)) {
      const maker = makerOf.get(value);
      if (maker === undefined) continue;
      if (!view.hasEdge(maker, node.id)) view.addEdge(maker, node.id, { uses: [] });
      view.getEdgeAttributes(maker, node.id).uses.push({ value, operand });
    }
  }
  return view;
}
