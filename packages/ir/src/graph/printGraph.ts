import { canonicalJson } from "./canonicalJson.ts";
import type { Graph, GraphNode, TensorType, WeightDecl, WeightSource } from "./graph.ts";

const printType = ({ dtype, axes }: TensorType): string => `${dtype}[${axes.join(", ")}]`;

const printAttrs = (attrs: object): string => {
  const members = Object.entries(attrs).map(([name, value]) => `${name}=${canonicalJson(value)}`);
  return members.length === 0 ? "" : ` {${members.sort().join(", ")}}`;
};

function printNode(node: GraphNode): string {
  const operands = Object.entries(node.inputs).map(([name, value]) => `${name}=${value}`);
  const outputs = Object.entries(node.outputs).map(
    ([name, type]) => (name === "out" ? "" : `${name}: `) + printType(type),
  );
  const origin = node.origin === undefined ? "" : `  ; ${node.origin}`;
  return `${node.id} = ${node.op}(${operands.join(", ")})${printAttrs(node.attrs)} -> ${outputs.join(", ")}${origin}`;
}

function printSource(source: WeightSource): string {
  const { kind, tensor, storedAs, ...rest } = source;
  const stored = storedAs === undefined ? "" : ` in ${storedAs}`;
  return kind === "tensor" ? `${tensor}${stored}` : `${kind}(${tensor}${stored})${printAttrs(rest)}`;
}

const printWeight = (weight: WeightDecl): string => {
  const source = printSource(weight.source);
  return `weight ${weight.id}: ${printType(weight)}${source === weight.id ? "" : ` <- ${source}`}`;
};

/** The graph as a person reads it: one line for each axis, value and node. Stable, so that tests can pin it. */
export function printGraph(graph: Graph): string {
  const symbols = Object.entries(graph.symbols).map(([name, most]) => `${name} <= ${most}`);
  const lines = [
    `graph ${graph.name} (${symbols.sort().join(", ")})`,
    `axes ${Object.entries(graph.axes)
      .map(([name, size]) => `${name}=${size}`)
      .join(", ")}`,
    ...graph.inputs.map((input) => `input ${input.id}: ${printType(input)}`),
    ...graph.weights.map(printWeight),
    ...graph.states.map((state) => `state ${state.id}: ${printType(state)}`),
    ...graph.nodes.map(printNode),
    ...graph.outputs.map(({ name, value }) => `output ${name} = ${value}`),
  ];
  return `${lines.join("\n")}\n`;
}
