import type { CostSample } from "@tensorplan/backend-api";
import {
  type Bindings,
  coreOps,
  countOf,
  evaluateSize,
  type OpSet,
  rowBytes,
  rowsOf,
  type SizedOperand,
} from "@tensorplan/ir";
import type { PlanNode, PlanType } from "../plan/plan.ts";
import { parseSize, type VariantIndex } from "../plan/planIndex.ts";

/** Work of one node in a step. */
export type NodeWork = Omit<CostSample, "ns" | "stepBytes">;

/** The same with the bytes that all kernels of its device touch in the step. */
export type StepWork = Omit<CostSample, "ns">;

export const noWork: NodeWork = { flops: 0, bytes: 0, rows: 0, elements: 0 };

function sized({ dtype, shape }: PlanType, bindings: Bindings): SizedOperand {
  const sizes = shape.map((text) => evaluateSize(parseSize(text), bindings));
  const bytes = countOf(sizes) === 0 ? 0 : rowsOf(sizes) * rowBytes(dtype, sizes.at(-1) ?? 1);
  return { dtype, shape: sizes, bytes };
}

/**
 * Arithmetic operations and bytes of one node of a plan under the step's bindings, by the operation's own cost function. An operation that
 * `ops` doesn't know is taken to touch all its operands and outputs once.
 */
export function nodeWork(
  index: VariantIndex,
  node: PlanNode,
  bindings: Bindings,
  ops: OpSet = coreOps,
): NodeWork {
  const inputs = Object.entries(node.inputs).map(
    ([name, value]) => [name, sized(index.typeOf(value), bindings)] as const,
  );
  const outputs = Object.entries(node.outputs).map(([name, type]) => [name, sized(type, bindings)] as const);
  const shape = {
    rows: outputs[0]?.[1].shape[0] ?? 1,
    elements: outputs.reduce((sum, [, output]) => sum + countOf(output.shape), 0),
  };
  if (!ops.has(node.op)) {
    const bytes = [...inputs, ...outputs].reduce((sum, [, operand]) => sum + operand.bytes, 0);
    return { flops: 0, bytes, ...shape };
  }
  const { flops, bytes } = ops.get(node.op).cost({
    inputs: Object.fromEntries(inputs),
    outputs: Object.fromEntries(outputs),
    attrs: node.attrs,
    bindings,
  });
  return { flops: Math.ceil(flops), bytes: Math.ceil(bytes), ...shape };
}
