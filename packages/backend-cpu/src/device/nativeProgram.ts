import type { OperandPlace, SplitProgram } from "@tensorplan/backend-api";
import { TensorplanError } from "@tensorplan/ir";
import type { NativeOperand, NativeProgramDesc } from "../native/addon.ts";
import { flattenAttrs } from "./flattenAttrs.ts";

/** A split as the add-on compiles it: symbols become indexes, attributes become flat. @throws TensorplanError `cpu/symbol` */
export function nativeProgram(program: SplitProgram): NativeProgramDesc {
  const indexes = new Map(program.symbols.map((name, index) => [name, index]));
  const indexOf = (symbol: string): number => {
    const index = indexes.get(symbol);
    if (index !== undefined) return index;
    throw new TensorplanError({
      code: "cpu/symbol",
      message: `the split '${program.id}' uses the symbol '${symbol}', which it doesn't declare`,
    });
  };
  const operand = ({ region, offset, dtype, layout, shape }: OperandPlace): NativeOperand => ({
    region,
    offset,
    dtype,
    layout,
    shape: shape.map((size) =>
      size.map(({ coefficient, symbols }) => [coefficient, ...symbols.map(indexOf)]),
    ),
  });
  const operands = (places: Readonly<Record<string, OperandPlace>>) =>
    Object.fromEntries(Object.entries(places).map(([name, place]) => [name, operand(place)]));
  return {
    id: program.id,
    symbolCount: program.symbols.length,
    nodes: program.nodes.map((node) => ({
      id: node.id,
      kernel: node.kernel,
      inputs: operands(node.inputs),
      outputs: operands(node.outputs),
      attrs: flattenAttrs(node.attrs, node.axes),
      workspaceOffset: node.workspace?.offset ?? 0,
      workspaceBytes: node.workspace?.bytes ?? 0,
    })),
  };
}
