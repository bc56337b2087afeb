import {
  expandLowerings,
  GRAPH_SCHEMA,
  type Graph,
  type GraphNode,
  type OpSet,
  outputId,
  type ValueDecl,
  type ValueId,
  type WeightDecl,
} from "@tensorplan/ir";
import type { GraphView, NodeInfo, Value } from "../graph/graphView.ts";

/** A composite rewritten by one of its lowerings, on its own. */
export interface Expansion {
  /** Equal for equal expansions of one view. */
  readonly key: string;
  /** The operands as inputs, weights and states; the nodes that take the composite's place. */
  readonly graph: Graph;
  readonly nodes: readonly GraphNode[];
  /** Values that take the place of the composite's outputs. */
  readonly replaces: ReadonlyMap<ValueId, ValueId>;
}

const declaration = ({ id, dtype, axes }: Value): ValueDecl => ({ id, dtype, axes });

/** A graph of one node, whose operands come from outside. */
function alone({ graph, values, weightDecls }: GraphView, info: NodeInfo, used: readonly string[]): Graph {
  const operands = [...new Map(info.operands.map(({ value }) => [value.id, value])).values()];
  return {
    schema: GRAPH_SCHEMA,
    name: graph.name,
    symbols: graph.symbols,
    axes: graph.axes,
    inputs: operands.filter(({ kind, root }) => kind !== "weight" && root.kind !== "state").map(declaration),
    weights: operands
      .filter(({ kind }) => kind === "weight")
      .map(({ id }) => weightDecls.get(id) as WeightDecl),
    // A later version of a state is a state here: what counts is that its bytes outlive the step.
    states: operands.filter(({ root }) => root.kind === "state").map(declaration),
    nodes: [info.node],
    outputs: used.map((name) => ({ name, value: (values.get(outputId(info.node.id, name)) as Value).id })),
  };
}

const readValues = new WeakMap<GraphView, ReadonlySet<string>>();

/** Names of a node's outputs that something reads. */
export function usedOutputs(view: GraphView, info: NodeInfo): readonly string[] {
  let read = readValues.get(view);
  if (read === undefined) {
    const operands = view.nodes.flatMap((node) => node.operands.map(({ value }): string => value.id));
    read = new Set([...operands, ...view.graph.outputs.map(({ value }) => value)]);
    readValues.set(view, read);
  }
  return info.outputs.filter(({ value }) => read.has(value.id)).map(({ name }) => name);
}

/** Steps of different sizes rewrite the same composites in the same ways: what was made from a view is made once. */
interface Made {
  readonly ops: OpSet;
  readonly expansions: Map<string, Expansion>;
  readonly spliced: Map<string, Graph>;
}

const madeFrom = new WeakMap<GraphView, Made>();

function memoryOf(view: GraphView, ops: OpSet): Made {
  const known = madeFrom.get(view);
  if (known?.ops === ops) return known;
  const made = { ops, expansions: new Map(), spliced: new Map() };
  madeFrom.set(view, made);
  return made;
}

/** Rewrites one composite by a lowering that expands. Outputs that nothing reads may be missing from the lowering. */
export function expandNode(
  view: GraphView,
  info: NodeInfo,
  ops: OpSet,
  lowering: string,
  used: readonly string[],
): Expansion {
  const { expansions } = memoryOf(view, ops);
  const key = `${info.node.id} ${lowering}`;
  const known = expansions.get(key);
  if (known !== undefined) return known;
  const expansion = { key, ...expandAlone(view, info, ops, lowering, used) };
  expansions.set(key, expansion);
  return expansion;
}

function expandAlone(
  view: GraphView,
  info: NodeInfo,
  ops: OpSet,
  lowering: string,
  used: readonly string[],
): Omit<Expansion, "key"> {
  const graph = expandLowerings(alone(view, info, used), ops, new Map([[info.node.id, lowering]]));
  return {
    graph,
    nodes: graph.nodes,
    replaces: new Map(graph.outputs.map(({ name, value }) => [outputId(info.node.id, name), value])),
  };
}

/** The view's graph with each composite's expansion in its place; the same expansions give the same graph. */
export function spliceExpansions(
  view: GraphView,
  ops: OpSet,
  expansions: ReadonlyMap<string, Expansion>,
): Graph {
  const { spliced } = memoryOf(view, ops);
  const key = [...expansions.values()].map((expansion) => expansion.key).join("\n");
  const known = spliced.get(key);
  if (known !== undefined) return known;
  const graph = splice(view.graph, expansions);
  spliced.set(key, graph);
  return graph;
}

/** Nodes that stay are the same objects where their operands are the same. */
function splice(graph: Graph, expansions: ReadonlyMap<string, Expansion>): Graph {
  const replaces = new Map([...expansions.values()].flatMap((expansion) => [...expansion.replaces]));
  const renamed = (node: GraphNode): GraphNode => {
    const operands = Object.entries(node.inputs);
    if (operands.every(([, id]) => !replaces.has(id))) return node;
    return {
      ...node,
      inputs: Object.fromEntries(operands.map(([name, id]) => [name, replaces.get(id) ?? id])),
    };
  };
  const axes: Record<string, string> = { ...graph.axes };
  for (const expansion of expansions.values()) Object.assign(axes, expansion.graph.axes);
  return {
    ...graph,
    axes,
    nodes: graph.nodes.flatMap((node) => (expansions.get(node.id)?.nodes ?? [node]).map(renamed)),
    outputs: graph.outputs.map(({ name, value }) => ({ name, value: replaces.get(value) ?? value })),
  };
}
