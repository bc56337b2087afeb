import type { Graph, GraphNode, NodeId } from "../graph/graph.ts";
import { type RewriteContext, rebuildGraph } from "../graph/rebuildGraph.ts";
import { valueTypes } from "../graph/shapes.ts";
import type { Tensor } from "../graph/tensor.ts";
import { need } from "../op/check.ts";
import type { OpSet } from "../op/registry.ts";
import { addRmsNormOp } from "../ops/addRmsNorm.ts";
import type { Pass } from "./pass.ts";
import { countUses } from "./uses.ts";

/** For each add whose sum has other uses too, the first whole-axis rms_norm of it. */
function findMatches(graph: Graph): ReadonlyMap<NodeId, GraphNode> {
  const values = valueTypes(graph);
  const uses = countUses(graph);
  const matches = new Map<NodeId, GraphNode>();
  for (const node of graph.nodes) {
    if (node.op !== "rms_norm" || node.attrs.part !== undefined) continue;
    const [x, weight] = need(node.inputs, "x", "weight");
    const sum = values.get(x)?.producer;
    if (sum?.op !== "add" || values.get(weight)?.kind !== "weight") continue;
    if (!matches.has(sum.id) && (uses.get(x) ?? 0) > 1) matches.set(sum.id, node);
  }
  return matches;
}

function addFused(
  { node, builder, inputs, value }: RewriteContext,
  norm: GraphNode,
): Readonly<Record<string, Tensor>> {
  const [a, b] = need(inputs, "a", "b");
  const [weight] = need(norm.inputs, "weight");
  return builder.withOrigin(`fuse-add-norm of ${node.id}, ${norm.id}`, () =>
    builder.add(addRmsNormOp, norm.id, { a, b, weight: value(weight) }, { eps: norm.attrs.eps }),
  );
}

/** A row of the sum is normalised while it is in cache; the sum stays available to the residual stream. */
export const fuseAddNorm: Pass = {
  name: "fuse-add-norm",
  doc: "add, rms_norm of a sum that is used elsewhere too → add_rms_norm, which gives both. It takes the norm's path; the sum is its output `sum`.",
  run(graph: Graph, ops: OpSet): Graph {
    if (!ops.has(addRmsNormOp.name)) return graph;
    const matches = findMatches(graph);
    if (matches.size === 0) return graph;
    const fused = new Map<NodeId, Readonly<Record<string, Tensor>>>();
    return rebuildGraph(graph, ops, (context) => {
      const norm = matches.get(context.node.id);
      if (norm !== undefined) {
        const outputs = addFused(context, norm);
        fused.set(norm.id, outputs);
        return { out: need(outputs, "sum")[0] };
      }
      const made = fused.get(context.node.id);
      return made === undefined ? context.copy() : { out: need(made, "out")[0] };
    });
  },
};
