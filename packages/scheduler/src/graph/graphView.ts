import {
  type DType,
  type Graph,
  type GraphNode,
  type NodeId,
  type OpSet,
  outputId,
  printSize,
  type Size,
  size,
  TensorplanError,
  type TensorType,
  type ValueId,
  type WeightDecl,
} from "@tensorplan/ir";

/** A value of the graph and where its bytes come from. */
export interface Value {
  readonly id: ValueId;
  readonly kind: "input" | "weight" | "state" | "node";
  readonly dtype: DType;
  /** Names of its axes, slowest first. */
  readonly axes: readonly string[];
  readonly shape: readonly Size[];
  /** `f32[tokens,2048]`: equal for values of equal type. */
  readonly type: string;
  /** The value whose storage this one shares: itself, or what it is a view or a later version of. */
  readonly root: Value;
  /** The node whose kernel makes this value or, of a view, the one below it; -1 for inputs, weights and first versions of states. */
  readonly producer: number;
}

export interface Operand {
  readonly name: string;
  readonly value: Value;
}

/** A node with its operands resolved. */
export interface NodeInfo {
  readonly index: number;
  readonly node: GraphNode;
  /** Only gives another shape or name to its operand's bytes: no kernel runs. */
  readonly view: boolean;
  readonly operands: readonly Operand[];
  readonly outputs: readonly Operand[];
  /** Weights and states among the operands, each once. */
  readonly weights: readonly Value[];
  readonly states: readonly Value[];
  readonly composite: boolean;
}

/** A graph prepared for planning: every question below is answered without searching. */
export interface GraphView {
  readonly graph: Graph;
  readonly nodes: readonly NodeInfo[];
  readonly values: ReadonlyMap<ValueId, Value>;
  readonly nodeIndex: ReadonlyMap<NodeId, number>;
  /** Nodes with kernels that read a node's outputs, through views too, ascending. */
  readonly consumers: readonly (readonly number[])[];
  readonly weightDecls: ReadonlyMap<ValueId, WeightDecl>;
}

const unique = (values: readonly Value[]): readonly Value[] =>
  values.length < 2 ? values : values.filter((value, i) => values.indexOf(value) === i);

const unknownValue = (node: GraphNode, operand: string, id: string) =>
  new TensorplanError({
    code: "graph/unknown-value",
    message: `${node.op} '${node.id}': its operand ${operand} is '${id}', which nothing before it makes`,
    hint: "nodes must stand behind those whose values they read",
  });

const views = new WeakMap<Graph, { readonly ops: OpSet; readonly view: GraphView }>();

/**
 * Prepares a graph; the same graph object gives the same view.
 *
 * @throws TensorplanError `graph/unknown-value`, `graph/mutates-value`, `graph/partial-view`, `graph/weight-output`
 */
export function viewGraph(graph: Graph, ops: OpSet): GraphView {
  const before = views.get(graph);
  if (before?.ops === ops) return before.view;
  const view = makeView(graph, ops);
  views.set(graph, { ops, view });
  return view;
}

function makeView(graph: Graph, ops: OpSet): GraphView {
  const axisSizes = new Map(Object.entries(graph.axes).map(([name, text]) => [name, size(text)]));
  const shapes = new Map<string, readonly Size[]>();
  const shapeOf = (axes: readonly string[]): readonly Size[] => {
    const key = axes.join(",");
    const known = shapes.get(key);
    if (known !== undefined) return known;
    const shape = axes.map((name) => axisSizes.get(name) ?? size(name));
    shapes.set(key, shape);
    return shape;
  };
  const typeTexts = new Map<string, string>();
  const typeText = ({ dtype, axes }: TensorType): string => {
    const key = `${dtype}:${axes.join(",")}`;
    const known = typeTexts.get(key);
    if (known !== undefined) return known;
    const text = `${dtype}[${shapeOf(axes).map(printSize).join(",")}]`;
    typeTexts.set(key, text);
    return text;
  };

  const values = new Map<ValueId, Value>();
  const declare = (
    id: ValueId,
    kind: Value["kind"],
    type: TensorType,
    root?: Value,
    producer = -1,
  ): Value => {
    const value: { -readonly [K in keyof Value]: Value[K] } = {
      id,
      kind,
      dtype: type.dtype,
      axes: type.axes,
      shape: shapeOf(type.axes),
      type: typeText(type),
      root: undefined as unknown as Value,
      producer,
    };
    value.root = root ?? value;
    values.set(id, value);
    return value;
  };
  for (const input of graph.inputs) declare(input.id, "input", input);
  for (const weight of graph.weights) declare(weight.id, "weight", weight);
  for (const state of graph.states) declare(state.id, "state", state);

  const consumers: number[][] = [];
  const nodes = graph.nodes.map((node, index): NodeInfo => {
    const op = ops.get(node.op);
    // The operation's own order, not the object's: it decides among equals.
    const operands = op.inputs.flatMap(({ name }): Operand[] => {
      const id = node.inputs[name];
      if (id === undefined) return [];
      const value = values.get(id);
      if (value === undefined) throw unknownValue(node, name, id);
      return [{ name, value }];
    });
    const outputNames = Object.keys(node.outputs).sort();
    const aliasOf = (name: string) => (Object.hasOwn(op.aliases, name) ? op.aliases[name] : undefined);
    const view = outputNames.length > 0 && outputNames.every((name) => aliasOf(name)?.mutates === false);
    if (!view && outputNames.some((name) => aliasOf(name)?.mutates === false)) {
      throw new TensorplanError({
        code: "graph/partial-view",
        message: `${node.op} '${node.id}' makes a view and something else`,
        hint: "let an operation either view its operand or compute",
      });
    }
    const outputs = outputNames.map((name): Operand => {
      const alias = aliasOf(name);
      const base =
        alias === undefined ? undefined : operands.find((operand) => operand.name === alias.input)?.value;
      if (alias?.mutates === true && base?.root.kind !== "state") {
        throw new TensorplanError({
          code: "graph/mutates-value",
          message: `${node.op} '${node.id}' changes ${alias.input}, which isn't a state`,
          hint: "declare what outlives a step as a state",
        });
      }
      const type = node.outputs[name] as TensorType;
      const producer = view && base !== undefined ? base.producer : index;
      return { name, value: declare(outputId(node.id, name), "node", type, base?.root, producer) };
    });
    consumers.push([]);
    if (!view) {
      for (const { value } of operands) {
        const list = consumers[value.producer];
        if (list !== undefined && list.at(-1) !== index) list.push(index);
      }
    }
    const roots = unique(operands.map(({ value }) => value.root));
    return {
      index,
      node,
      view,
      operands,
      outputs,
      weights: roots.filter(({ kind }) => kind === "weight"),
      states: roots.filter(({ kind }) => kind === "state"),
      composite: op.lowerings.length > 0,
    };
  });
  for (const { name, value } of graph.outputs) {
    if (values.get(value)?.root.kind !== "weight") continue;
    throw new TensorplanError({
      code: "graph/weight-output",
      message: `the output '${name}' is the weight '${value}', which no step changes`,
      hint: "read weights from the file",
    });
  }
  return {
    graph,
    nodes,
    values,
    nodeIndex: new Map(nodes.map(({ node, index }) => [node.id, index])),
    consumers,
    weightDecls: new Map(graph.weights.map((weight) => [weight.id, weight])),
  };
}
