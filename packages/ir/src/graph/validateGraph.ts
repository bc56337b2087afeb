import { printSize, size } from "../axis/size.ts";
import { TensorplanError } from "../errors.ts";
import type { OpSet } from "../op/registry.ts";
import { fail } from "./builder.ts";
import { canonicalJson } from "./canonicalJson.ts";
import type { Graph, GraphNode, TensorType } from "./graph.ts";
import { checkOrder } from "./order.ts";
import { rebuildGraph } from "./rebuildGraph.ts";
import { checkStateVersions } from "./stateVersions.ts";

const printType = ({ dtype, axes }: TensorType): string => `${dtype}[${axes.join(", ")}]`;

function checkOutputs(said: GraphNode, inferred: GraphNode): void {
  const names = new Set([...Object.keys(said.outputs), ...Object.keys(inferred.outputs)]);
  for (const name of names) {
    const [a, b] = [said.outputs[name], inferred.outputs[name]];
    if (a !== undefined && b !== undefined && printType(a) === printType(b)) continue;
    fail(
      "graph/wrong-type",
      `${said.op} '${said.id}': its output '${name}' is written as ${a ? printType(a) : "absent"}, but the operation makes ${b ? printType(b) : "none"}`,
      { node: said.id, output: name },
    );
  }
  if (canonicalJson(said.attrs) !== canonicalJson(inferred.attrs)) {
    fail(
      "graph/attributes",
      `${said.op} '${said.id}': its attributes aren't in the form that the operation writes`,
      {
        node: said.id,
      },
    );
  }
}

/**
 * Checks everything that a graph promises: known operations, unique ids, operands made before their use, types and sizes that the
 * operations' rules give, states read in their newest version.
 * @throws TensorplanError `graph/unknown-op`, `graph/unknown-value`, `graph/order`, `graph/cycle`, `graph/duplicate-path`,
 * `graph/wrong-type`, `graph/axis-size`, `graph/attributes`, `graph/stale-state`, `graph/not-a-state`, `axis/…`, `size/…`, and the type rules' own codes
 */
export function validateGraph(graph: Graph, ops: OpSet): void {
  for (const { id, op } of graph.nodes) {
    if (ops.has(op)) continue;
    throw new TensorplanError({
      code: "graph/unknown-op",
      message: `the node '${id}' runs '${op}', which isn't an operation of this set`,
      hint: "pass the op set that defines it (extendOps)",
      details: { node: id, op },
    });
  }
  for (const [name, text] of Object.entries(graph.axes)) {
    const printed = printSize(size(text));
    if (printed === text) continue;
    fail("graph/axis-size", `the axis '${name}' has its size written as '${text}', which is '${printed}'`, {
      axis: name,
    });
  }
  checkOrder(graph);
  const rebuilt = rebuildGraph(graph, ops, ({ copy }) => copy());
  graph.nodes.forEach((node, i) => {
    const inferred = rebuilt.nodes[i];
    if (inferred !== undefined) checkOutputs(node, inferred);
  });
  checkStateVersions(graph, ops);
}
