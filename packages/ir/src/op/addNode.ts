import type { Axes, Axis } from "../axis/axis.ts";
import { fail } from "../graph/builder.ts";
import type { Tensor } from "../graph/tensor.ts";
import type { Op } from "./op.ts";

type Operands = Readonly<Record<string, Tensor | undefined>>;

/**
 * Adds a node through the builder that its operands belong to.
 * @param axes axes that attributes mention by name
 */
export function addNode(
  op: Op,
  at: string,
  inputs: Operands,
  attrs: object = {},
  axes: readonly (Axis | undefined)[] = [],
): Readonly<Record<string, Tensor>> {
  const first = Object.values(inputs).find((tensor) => tensor !== undefined);
  if (first === undefined) return fail("op/operand-missing", `${op.name} '${at}' has no operands`);
  for (const axis of axes) if (axis !== undefined) first.builder.declareAxis(axis);
  return first.builder.add(op, at, inputs, attrs);
}

/**
 * The output of a typed function. The type rule gives outputs the very axes of its operands (or declared ones), so the handle that the
 * builder made is the one that the signature promises; this is the only place that says so to the compiler.
 */
export function typed<A extends Axes, D extends Tensor["dtype"] = "f32">(
  outputs: Readonly<Record<string, Tensor>>,
  name = "out",
): Tensor<A, D> {
  const output = outputs[name] ?? fail("op/output-missing", `there is no output '${name}'`);
  return output as unknown as Tensor<A, D>;
}
