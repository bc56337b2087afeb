import { fail } from "./builder.ts";
import { type Graph, type GraphNode, type NodeId, outputId, type ValueId } from "./graph.ts";

const producers = (graph: Graph): ReadonlyMap<ValueId, GraphNode> =>
  new Map(
    graph.nodes.flatMap((node) => Object.keys(node.outputs).map((name) => [outputId(node.id, name), node])),
  );

/** A path of nodes from `start` back to itself, each using the one before it; absent when there is none. */
function findCycle(graph: Graph): readonly NodeId[] | undefined {
  const producerOf = producers(graph);
  const done = new Set<NodeId>();
  for (const root of graph.nodes) {
    // Depth first with an explicit stack: graphs are deeper than the call stack.
    const path: { readonly node: GraphNode; readonly rest: GraphNode[] }[] = [];
    const open = new Set<NodeId>();
    const enter = (node: GraphNode) => {
      open.add(node.id);
      const before = Object.values(node.inputs).flatMap((id) => producerOf.get(id) ?? []);
      path.push({ node, rest: before });
    };
    if (!done.has(root.id)) enter(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const next = top.rest.pop();
      if (next === undefined) {
        open.delete(top.node.id);
        done.add(top.node.id);
        path.pop();
      } else if (open.has(next.id)) {
        const ids = path.map(({ node }) => node.id);
        return [...ids.slice(ids.indexOf(next.id)), next.id].reverse();
      } else if (!done.has(next.id)) enter(next);
    }
  }
  return undefined;
}

/** Every operand exists and stands before its use. */
export function checkOrder(graph: Graph): void {
  const known = new Set<ValueId>([...graph.inputs, ...graph.weights, ...graph.states].map(({ id }) => id));
  const producerOf = producers(graph);
  for (const node of graph.nodes) {
    for (const [operand, value] of Object.entries(node.inputs)) {
      if (known.has(value)) continue;
      const later = producerOf.get(value);
      const details = { node: node.id, operand, value };
      if (later === undefined) {
        fail(
          "graph/unknown-value",
          `${node.op} '${node.id}': its operand '${operand}' is '${value}', which nothing makes`,
          details,
        );
      }
      const cycle = findCycle(graph);
      if (cycle !== undefined) {
        fail("graph/cycle", `the graph has a cycle: ${cycle.join(" → ")}`, { cycle });
      }
      fail(
        "graph/order",
        `${node.op} '${node.id}' uses '${value}', which is made only later`,
        details,
        "list nodes after the nodes whose outputs they use",
      );
    }
    for (const name of Object.keys(node.outputs)) known.add(outputId(node.id, name));
  }
  const names = new Set<string>();
  for (const { name, value } of graph.outputs) {
    if (!known.has(value))
      fail("graph/unknown-value", `the graph's output '${name}' is '${value}', which nothing makes`, {
        value,
      });
    if (names.has(name))
      fail("graph/duplicate-output", `the graph has two outputs '${name}'`, { output: name });
    names.add(name);
  }
}
