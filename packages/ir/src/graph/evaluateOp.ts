import type { Axis } from "../axis/axis.ts";
import type { DType } from "../dtype/index.ts";
import { constantSize } from "../op/check.ts";
import { hostTensor, roundTo, widthOf } from "../op/host.ts";
import type { HostTensor, Op } from "../op/op.ts";
import { opSet } from "../op/registry.ts";
import { GraphBuilder } from "./builder.ts";
import { evaluateGraph } from "./evaluateGraph.ts";
import type { Graph } from "./graph.ts";
import type { Tensor } from "./tensor.ts";

/** A tensor and the axes, of constant size, that it has. */
export interface Operand {
  readonly axes: readonly Axis[];
  readonly tensor: HostTensor;
}

/** An operand of the given values (zeros where absent), rounded to what `dtype` can hold. */
export function operand(axes: readonly Axis[], values?: Iterable<number>, dtype: DType = "f32"): Operand {
  const tensor = hostTensor(dtype, axes.map(constantSize), values);
  if (tensor.data instanceof Float32Array) roundTo(dtype, tensor.data, widthOf(tensor.shape));
  return { axes, tensor };
}

/** A graph of one node called `node`, whose operands are inputs or, where the operation changes them, states. */
export function graphOfOp(
  op: Op,
  operands: Readonly<Record<string, Pick<Operand, "axes"> & { readonly tensor: Pick<HostTensor, "dtype"> }>>,
  attrs: object = {},
  mentioned: readonly Axis[] = [],
): Graph {
  const builder = new GraphBuilder(op.name, {});
  for (const axis of mentioned) builder.declareAxis(axis);
  const changed = new Set(
    Object.values(op.aliases).flatMap(({ input, mutates }) => (mutates ? [input] : [])),
  );
  const handles: Record<string, Tensor> = {};
  for (const [name, { axes, tensor }] of Object.entries(operands)) {
    handles[name] = changed.has(name)
      ? builder.state(name, axes, tensor.dtype)
      : builder.input(name, axes, tensor.dtype);
  }
  const outputs = builder.add(op, "node", handles, attrs);
  for (const [name, tensor] of Object.entries(outputs)) builder.output(name, tensor);
  return builder.finish();
}

/**
 * Runs one operation by its reference implementation; returns its outputs by name. Operands that it changes are changed in place.
 * @param mentioned axes that attributes mention by name
 */
export function evaluateOp(
  op: Op,
  operands: Readonly<Record<string, Operand>>,
  attrs: object = {},
  mentioned: readonly Axis[] = [],
): Readonly<Record<string, HostTensor>> {
  const tensors = Object.fromEntries(Object.entries(operands).map(([name, { tensor }]) => [name, tensor]));
  const graph = graphOfOp(op, operands, attrs, mentioned);
  return evaluateGraph(graph, opSet([op]), { inputs: tensors, weights: {}, states: tensors, bindings: {} });
}
