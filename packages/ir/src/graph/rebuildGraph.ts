import { type Axis, axis } from "../axis/axis.ts";
import type { OpSet } from "../op/registry.ts";
import { fail, GraphBuilder } from "./builder.ts";
import { equalJson } from "./equalJson.ts";
import { type Graph, type GraphNode, type NodeId, outputId, type TensorType, type ValueId } from "./graph.ts";
import type { Tensor } from "./tensor.ts";

export interface RewriteContext {
  readonly node: GraphNode;
  readonly builder: GraphBuilder;
  /** The node's operands in the new graph. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** Any value made so far, by its id in the old graph. */
  readonly value: (id: ValueId) => Tensor;
  /** Adds the node as it is, on the new operands. */
  readonly copy: () => Readonly<Record<string, Tensor>>;
}

/**
 * What takes the node's place: outputs by name, as values of the new graph. An output that is left out must have no uses.
 */
export type Rewrite = (context: RewriteContext) => Readonly<Record<string, Tensor>>;

/** A builder with the graph's axes, inputs, weights and states, and their handles. */
function declareLeaves(graph: Graph): { builder: GraphBuilder; values: Map<ValueId, Tensor> } {
  const builder = new GraphBuilder(graph.name, graph.symbols);
  const axes = new Map<string, Axis>(
    Object.entries(graph.axes).map(([name, length]) => [name, axis(name, length)]),
  );
  for (const each of axes.values()) builder.declareAxis(each);
  const axesOf = ({ axes: names }: TensorType): readonly Axis[] =>
    names.map(
      (name) =>
        axes.get(name) ?? fail("axis/unknown", `there is no axis '${name}' in this graph`, { axis: name }),
    );
  const values = new Map<ValueId, Tensor>();
  for (const input of graph.inputs) values.set(input.id, builder.input(input.id, axesOf(input), input.dtype));
  for (const weight of graph.weights) {
    values.set(weight.id, builder.weight(weight.id, axesOf(weight), weight.dtype, weight.source));
  }
  for (const state of graph.states) values.set(state.id, builder.state(state.id, axesOf(state), state.dtype));
  return { builder, values };
}

/** The new graph with the old one's objects where they say the same. */
function shareWith(old: Graph, made: Graph): Graph {
  const before = new Map<NodeId, GraphNode>(old.nodes.map((node) => [node.id, node]));
  const nodes = made.nodes.map((node) => {
    const same = before.get(node.id);
    return same !== undefined && equalJson(same, node) ? same : node;
  });
  return Object.freeze({ ...made, nodes: Object.freeze(nodes) });
}

/**
 * Maps every node of a graph, in order, to none or more new nodes; inputs, weights, states and outputs stay. New types are inferred,
 * so a rewrite that doesn't fit its surroundings fails here.
 */
export function rebuildGraph(graph: Graph, ops: OpSet, rewrite: Rewrite): Graph {
  const { builder, values } = declareLeaves(graph);
  const value = (id: ValueId): Tensor =>
    values.get(id) ?? fail("graph/unknown-value", `'${id}' is used, but no rewrite made it`, { value: id });
  for (const node of graph.nodes) {
    // On demand: what takes the place of several nodes may not need the values between them.
    const operands = () =>
      Object.fromEntries(Object.entries(node.inputs).map(([name, id]) => [name, value(id)]));
    const add = () => builder.add(ops.get(node.op), node.id, operands(), node.attrs);
    const context: RewriteContext = {
      node,
      builder,
      get inputs() {
        return operands();
      },
      value,
      copy: () => (node.origin === undefined ? add() : builder.withOrigin(node.origin, add)),
    };
    for (const [name, tensor] of Object.entries(rewrite(context)))
      values.set(outputId(node.id, name), tensor);
  }
  for (const { name, value: id } of graph.outputs) builder.output(name, value(id));
  return shareWith(graph, builder.finish());
}
