import type { KernelRow } from "@tensorplan/backend-api";
import {
  type DType,
  GraphBuilder,
  type GraphNode,
  type HostTensor,
  hostTensor,
  type Op,
  type OpSet,
  type RandomNumbers,
  resolveShape,
  roundTo,
  type Tensor,
  TensorplanError,
  valueTypes,
} from "@tensorplan/ir";
import type { ConformanceCase } from "./conformanceCase.ts";
import { rowHolds } from "./rowConditions.ts";
import type { OperandSketch, Sketch } from "./sketches/sketch.ts";

/** Plans give places room for the largest step, and run smaller ones. */
const ROOM = 2;

function declare(
  builder: GraphBuilder,
  name: string,
  { kind, axes }: OperandSketch,
  dtype: DType,
  changed: boolean,
): Tensor {
  if (changed || kind === "cache") return builder.state(name, axes, dtype);
  return kind === "weight" || kind === "parameter"
    ? builder.weight(name, axes, dtype)
    : builder.input(name, axes, dtype);
}

/** The values of an operand: those that are given, or drawn, rounded to the element type. */
export function fill(
  { kind, values: given }: OperandSketch,
  dtype: DType,
  shape: readonly number[],
  random: RandomNumbers,
): HostTensor {
  const tensor = hostTensor(dtype, shape, given);
  const { data } = tensor;
  // Sums over a weight's rows stay near 1.
  const scale = kind === "weight" ? Math.sqrt(3 / (shape.at(-1) ?? 1)) : 1;
  if (data instanceof Int32Array) {
    if (given === undefined) for (let i = 0; i < data.length; i++) data[i] = random.below(1000);
    return tensor;
  }
  if (given === undefined) for (let i = 0; i < data.length; i++) data[i] = random.signed() * scale;
  if (!data.every((value) => value === Number.NEGATIVE_INFINITY || Number.isFinite(value))) {
    throw new RangeError("a sketch gave values that aren't numbers");
  }
  roundTo(dtype, data, shape.at(-1) ?? 1);
  return tensor;
}

/** The case that a sketch makes with these element types; `undefined` where the operation or the row refuses it. */
export function drawCase(
  row: KernelRow,
  op: Op,
  ops: OpSet,
  sketch: Sketch,
  chosen: Readonly<Record<string, DType>>,
  random: RandomNumbers,
): ConformanceCase | undefined {
  const { symbols: bindings = {}, attrs = {}, mentioned = [] } = sketch;
  const symbols = Object.fromEntries(
    Object.entries(bindings).map(([name, value]) => [name, Math.max(1, ROOM * value)]),
  );
  const builder = new GraphBuilder(row.name, symbols);
  const changed = Object.values(op.aliases).flatMap(({ input, mutates }) => (mutates ? [input] : []));
  try {
    for (const axis of mentioned) builder.declareAxis(axis);
    const handles = Object.fromEntries(
      Object.entries(sketch.operands).map(([name, operand]) => [
        name,
        declare(builder, name, operand, chosen[name] ?? "f32", changed.includes(name)),
      ]),
    );
    const outputs = builder.add(op, "node", handles, attrs);
    for (const [name, tensor] of Object.entries(outputs)) builder.output(name, tensor);
  } catch (error) {
    if (error instanceof TensorplanError) return undefined;
    throw error;
  }
  const graph = builder.finish();
  const node = graph.nodes[0] as GraphNode;
  const types = valueTypes(graph);
  const shapesAt = (at: Readonly<Record<string, number>>) =>
    Object.fromEntries([
      ...Object.entries(node.outputs).map(([name, type]) => [name, resolveShape(graph, type, at)]),
      ...[...types.values()]
        .filter(({ kind }) => kind !== "node")
        .map((type) => [type.id as string, resolveShape(graph, type, at)]),
    ]) as Record<string, readonly number[]>;
  for (const [name, { dtype }] of Object.entries(node.outputs))
    if (row.outputs[name]?.dtypes.includes(dtype) !== true) return undefined;
  if (!rowHolds(row, node.attrs, shapesAt(bindings)) || !rowHolds(row, node.attrs, shapesAt(symbols)))
    return undefined;
  const shapes = shapesAt(bindings);
  const operands = Object.fromEntries(
    Object.entries(sketch.operands).map(([name, operand]) => [
      name,
      fill(operand, chosen[name] ?? "f32", shapes[name] ?? [], random),
    ]),
  );
  const printed = Object.entries(operands).map(
    ([name, { dtype, shape }]) => `${name} ${dtype}[${shape.join(", ")}]`,
  );
  const name = [row.name, ...printed].join(" ");
  return { name, rows: [row], ops, graph, mentioned, bindings, operands };
}
