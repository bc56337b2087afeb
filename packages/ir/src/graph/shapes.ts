import { type Bindings, evaluateSize, type Size, size } from "../axis/size.ts";
import { rowBytes } from "../dtype/index.ts";
import { countOf, rowsOf } from "../op/host.ts";
import type { Cost, SizedOperand } from "../op/op.ts";
import type { OpSet } from "../op/registry.ts";
import { fail } from "./builder.ts";
import { type Graph, type GraphNode, outputId, type TensorType, type ValueId } from "./graph.ts";

const parsedAxes = new WeakMap<Graph, ReadonlyMap<string, Size>>();

/** Sizes of the graph's axes by name. */
export function axisSizes(graph: Graph): ReadonlyMap<string, Size> {
  const known = parsedAxes.get(graph);
  if (known !== undefined) return known;
  const sizes = new Map(Object.entries(graph.axes).map(([name, text]) => [name, size(text)]));
  parsedAxes.set(graph, sizes);
  return sizes;
}

/** Symbolic size of an axis. @throws TensorplanError `axis/unknown` */
export const axisSize = (graph: Graph, name: string): Size =>
  axisSizes(graph).get(name) ??
  fail("axis/unknown", `there is no axis '${name}' in this graph`, { axis: name });

/** Sizes of a value's axes under `bindings`, slowest first. */
export const resolveShape = (graph: Graph, type: TensorType, bindings: Bindings): readonly number[] =>
  type.axes.map((name) => evaluateSize(axisSize(graph, name), bindings));

/** Every symbol at its maximum. */
export const maxBindings = (graph: Graph): Bindings => graph.symbols;

export type ValueInfo = TensorType & {
  readonly id: ValueId;
  readonly kind: "input" | "weight" | "state" | "node";
  /** The node that makes the value; absent for inputs, weights and states. */
  readonly producer?: GraphNode;
  /** Which output of the producer this is. */
  readonly output?: string;
};

/** All values of a graph by id, in the order in which they come to be. */
export function valueTypes(graph: Graph): ReadonlyMap<ValueId, ValueInfo> {
  const values = new Map<ValueId, ValueInfo>();
  const leaf = (kind: "input" | "weight" | "state") => (decl: TensorType & { readonly id: ValueId }) => {
    values.set(decl.id, { id: decl.id, dtype: decl.dtype, axes: decl.axes, kind });
  };
  graph.inputs.forEach(leaf("input"));
  graph.weights.forEach(leaf("weight"));
  graph.states.forEach(leaf("state"));
  for (const node of graph.nodes) {
    for (const [output, type] of Object.entries(node.outputs)) {
      const id = outputId(node.id, output);
      values.set(id, { id, dtype: type.dtype, axes: type.axes, kind: "node", producer: node, output });
    }
  }
  return values;
}

/** A value's shape and bytes (file layout) under `bindings`. */
export function sizedOperand(graph: Graph, type: TensorType, bindings: Bindings): SizedOperand {
  const shape = resolveShape(graph, type, bindings);
  const bytes = countOf(shape) === 0 ? 0 : rowsOf(shape) * rowBytes(type.dtype, shape.at(-1) ?? 1);
  return { dtype: type.dtype, shape, bytes };
}

/** Work of one node under `bindings`. `values` is `valueTypes(graph)`. */
export function nodeCost(
  graph: Graph,
  ops: OpSet,
  node: GraphNode,
  bindings: Bindings,
  values: ReadonlyMap<ValueId, TensorType> = valueTypes(graph),
): Cost {
  const sized = (type: TensorType) => sizedOperand(graph, type, bindings);
  const inputs = Object.entries(node.inputs).map(([name, id]) => {
    const type = values.get(id) ?? fail("graph/unknown-value", `there is no value '${id}'`, { value: id });
    return [name, sized(type)] as const;
  });
  const outputs = Object.entries(node.outputs).map(([name, type]) => [name, sized(type)] as const);
  return ops.get(node.op).cost({
    inputs: Object.fromEntries(inputs),
    outputs: Object.fromEntries(outputs),
    attrs: node.attrs,
    bindings,
  });
}
