import { TensorplanError } from "../errors.ts";
import type { Graph, NodeId } from "../graph/graph.ts";
import { rebuildGraph } from "../graph/rebuildGraph.ts";
import type { JsonObject, Lowering } from "../op/op.ts";
import type { OpSet } from "../op/registry.ts";

/** Lowering that a choice names. @throws TensorplanError `lowering/unknown` */
function loweringOf(
  ops: OpSet,
  node: { readonly id: NodeId; readonly op: string },
  name: string,
): Lowering<JsonObject> {
  const { lowerings } = ops.get(node.op);
  const found = lowerings.find((lowering) => lowering.name === name);
  if (found !== undefined) return found;
  throw new TensorplanError({
    code: "lowering/unknown",
    message: `${node.op} '${node.id}' has no lowering '${name}'`,
    hint:
      lowerings.length === 0
        ? "it isn't a composite"
        : `there are: ${lowerings.map((each) => each.name).join(", ")}`,
    details: { node: node.id, op: node.op, lowering: name },
  });
}

/**
 * Rewrites composite operations by the lowerings chosen for them. A part gets the path `parent.child`; choices may name such parts too
 * (the latent attention inside an absorbed one). Nodes without a choice, and lowerings that are one kernel, stay as they are.
 * Weights that only other lowerings read are left for dead-code removal.
 */
export function expandLowerings(graph: Graph, ops: OpSet, choices: ReadonlyMap<NodeId, string>): Graph {
  const expandable = (candidate: Graph) =>
    candidate.nodes.some((node) => {
      const choice = choices.get(node.id);
      return choice !== undefined && loweringOf(ops, node, choice).expand !== undefined;
    });
  let current = graph;
  while (expandable(current)) {
    current = rebuildGraph(current, ops, (context) => {
      const { node, builder, copy } = context;
      const choice = choices.get(node.id);
      const lowering = choice === undefined ? undefined : loweringOf(ops, node, choice);
      const expand = lowering?.expand;
      if (expand === undefined) return copy();
      return builder.withOrigin(`lowering ${lowering?.name} of ${node.id}`, () =>
        builder.scope(node.id, () => expand({ builder, inputs: context.inputs, attrs: node.attrs })),
      );
    });
  }
  return current;
}
