import { type Bindings, evaluateSize } from "../axis/size.ts";
import { TensorplanError } from "../errors.ts";
import { hostTensor } from "../op/host.ts";
import type { HostTensor } from "../op/op.ts";
import type { OpSet } from "../op/registry.ts";
import { type Graph, type GraphNode, outputId, type ValueId } from "./graph.ts";
import { axisSize, resolveShape } from "./shapes.ts";

export interface EvaluationInputs {
  readonly inputs: Readonly<Record<string, HostTensor>>;
  readonly weights: Readonly<Record<string, HostTensor>>;
  /** Changed in place by the operations that update them. */
  readonly states: Readonly<Record<string, HostTensor>>;
  readonly bindings: Bindings;
  /** Called after each node with its outputs by name. */
  readonly onNode?: (node: GraphNode, outputs: Readonly<Record<string, HostTensor>>) => void;
}

const missing = (id: string): never => {
  throw new TensorplanError({ code: "evaluate/missing", message: `no tensor was given for '${id}'` });
};

/** One node by its reference implementation. Outputs that alias an input share its memory. */
function evaluateNode(
  graph: Graph,
  ops: OpSet,
  node: GraphNode,
  inputs: Readonly<Record<string, HostTensor>>,
  bindings: Bindings,
): Readonly<Record<string, HostTensor>> {
  const op = ops.get(node.op);
  const outputs = Object.fromEntries(
    Object.entries(node.outputs).map(([name, type]) => {
      const shape = resolveShape(graph, type, bindings);
      const alias = op.aliases[name];
      const shared = alias && inputs[alias.input];
      return [
        name,
        shared === undefined
          ? hostTensor(type.dtype, shape)
          : { dtype: type.dtype, shape, data: shared.data },
      ];
    }),
  );
  op.reference({
    inputs,
    outputs,
    attrs: node.attrs,
    axisSize: (name) => evaluateSize(axisSize(graph, name), bindings),
  });
  return outputs;
}

/** Runs a graph by the reference implementations: the definition of what a graph means. Returns the graph's outputs by name. */
export function evaluateGraph(
  graph: Graph,
  ops: OpSet,
  given: EvaluationInputs,
): Readonly<Record<string, HostTensor>> {
  const values = new Map<ValueId, HostTensor>();
  for (const { id } of graph.inputs) values.set(id, given.inputs[id] ?? missing(id));
  for (const { id } of graph.weights) values.set(id, given.weights[id] ?? missing(id));
  for (const { id } of graph.states) values.set(id, given.states[id] ?? missing(id));
  for (const node of graph.nodes) {
    const inputs = Object.fromEntries(
      Object.entries(node.inputs).map(([name, id]) => [name, values.get(id) ?? missing(id)]),
    );
    const outputs = evaluateNode(graph, ops, node, inputs, given.bindings);
    for (const [name, tensor] of Object.entries(outputs)) values.set(outputId(node.id, name), tensor);
    given.onNode?.(node, outputs);
  }
  return Object.fromEntries(
    graph.outputs.map(({ name, value }) => [name, values.get(value) ?? missing(value)]),
  );
}
