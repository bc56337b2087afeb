import { evaluateSize, multiplySizes, type Size, size, TensorplanError } from "@tensorplan/ir";
import type { Bounds } from "../variants/bounds.ts";

/** Shapes of a node's operands and outputs by name; absent ones are missing. */
export type Shapes = ReadonlyMap<string, readonly Size[]>;

const one = size(1);

/** The size that `"x.-1"`, `"x.0"`, `"x.rows"`, `"x.rank"` name; `undefined` where the operand or the axis is absent. */
export function dimSize(dim: string, shapes: Shapes): Size | undefined {
  const dot = dim.lastIndexOf(".");
  const shape = shapes.get(dim.slice(0, dot));
  if (shape === undefined) return undefined;
  const which = dim.slice(dot + 1);
  if (which === "rows") return multiplySizes(one, ...shape.slice(0, -1));
  if (which === "rank") return size(shape.length);
  if (!/^-?\d+$/.test(which)) {
    throw new TensorplanError({
      code: "kernels/dimension",
      message: `'${dim}' names no dimension`,
      hint: "write operand.N, operand.-N, operand.rows or operand.rank",
    });
  }
  return shape.at(Number(which));
}

/** Whether every value of the size is a multiple of `n`: true when each of its terms is. */
export const isMultiple = (s: Size, n: number): boolean =>
  s.every(({ coefficient }) => coefficient % n === 0);

/** Least and largest value over a variant. Sizes grow with their symbols, so the ends lie at the ends. */
export const sizeRange = (s: Size, { min, max }: Bounds): readonly [number, number] => [
  evaluateSize(s, min),
  evaluateSize(s, max),
];
