import type { Graph, GraphNode, NodeId } from "../graph/graph.ts";
import { rebuildGraph } from "../graph/rebuildGraph.ts";
import { valueTypes } from "../graph/shapes.ts";
import { need } from "../op/check.ts";
import type { OpSet } from "../op/registry.ts";
import { gateUpSwigluOp } from "../ops/gateUpSwiglu.ts";
import type { Pass } from "./pass.ts";
import { countUses } from "./uses.ts";

interface Match {
  readonly gate: GraphNode;
  readonly up: GraphNode;
}

/** swiglu nodes of two matmuls of the same x, used nowhere else, whose weights have one storage type and the same axes. */
function findMatches(graph: Graph): ReadonlyMap<NodeId, Match> {
  const values = valueTypes(graph);
  const uses = countUses(graph);
  const matches = new Map<NodeId, Match>();
  for (const node of graph.nodes) {
    if (node.op !== "swiglu") continue;
    const { gate: gateId, up: upId } = node.inputs;
    const gate = gateId && values.get(gateId)?.producer;
    const up = upId && values.get(upId)?.producer;
    if (!gate || !up || gate === up || gate.op !== "matmul" || up.op !== "matmul") continue;
    const [a, b] = [gate.inputs.w && values.get(gate.inputs.w), up.inputs.w && values.get(up.inputs.w)];
    const alike = a && b && a.dtype === b.dtype && a.axes.join() === b.axes.join();
    if (!alike || gate.inputs.x !== up.inputs.x || uses.get(gateId) !== 1 || uses.get(upId) !== 1) continue;
    matches.set(node.id, { gate, up });
  }
  return matches;
}

/** Kernels multiply both halves while a row of x is at hand, and never write the two intermediate results. */
export const fuseGateUp: Pass = {
  name: "fuse-gate-up",
  doc: "matmul, matmul, swiglu → gate_up_swiglu, where the products have no other use and both weights the same storage type.",
  run(graph: Graph, ops: OpSet): Graph {
    if (!ops.has(gateUpSwigluOp.name)) return graph;
    const matches = findMatches(graph);
    if (matches.size === 0) return graph;
    const consumed = new Set([...matches.values()].flatMap(({ gate, up }) => [gate.id, up.id]));
    return rebuildGraph(graph, ops, ({ node, builder, value, copy }) => {
      if (consumed.has(node.id)) return {};
      const match = matches.get(node.id);
      if (match === undefined) return copy();
      const [x, gate] = need(match.gate.inputs, "x", "w");
      const [up] = need(match.up.inputs, "w");
      const operands = { x: value(x), gate: value(gate), up: value(up) };
      return builder.withOrigin(`fuse-gate-up of ${match.gate.id}, ${match.up.id}, ${node.id}`, () =>
        builder.add(gateUpSwigluOp, node.id, operands),
      );
    });
  },
};
