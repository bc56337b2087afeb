import { type Axis, axis, type Bindings, codecNames, type DType, type RandomNumbers } from "@tensorplan/ir";

/**
 * What an operand is to its operation. `values`: computed, f32. `indices`: a step input, i32. `parameter`: a small f32 weight. `weight`: any
 * storage type. `cache`: a state of any cache type. `any`: what views take.
 */
export type OperandKind = "values" | "indices" | "parameter" | "weight" | "cache" | "any";

/** Element types that operations accept for each kind; a kernel row claims some of them. */
export const kindDtypes: Readonly<Record<OperandKind, readonly DType[]>> = {
  values: ["f32"],
  indices: ["i32"],
  parameter: ["f32"],
  weight: codecNames.filter((name) => name !== "i32"),
  cache: ["f32", "f16", "bf16", "q8_0"],
  any: codecNames,
};

export interface OperandSketch {
  readonly kind: OperandKind;
  /** Slowest first. */
  readonly axes: readonly Axis[];
  /** Given where not any numbers will do; otherwise they are drawn. */
  readonly values?: readonly number[];
}

/** One node in the making: all but the element types of its operands. */
export interface Sketch {
  readonly operands: Readonly<Record<string, OperandSketch>>;
  readonly attrs?: object;
  /** Axes that attributes mention by name. */
  readonly mentioned?: readonly Axis[];
  /** Values of the symbols that axes use. */
  readonly symbols?: Bindings;
}

/** Ways to draw a node of one operation, each with its own relation of shapes and attributes. */
export type OpSketches = readonly [
  (random: RandomNumbers) => Sketch,
  ...((random: RandomNumbers) => Sketch)[],
];

export const values = (...axes: readonly Axis[]): OperandSketch => ({ kind: "values", axes });
export const parameter = (...axes: readonly Axis[]): OperandSketch => ({ kind: "parameter", axes });
export const weight = (...axes: readonly Axis[]): OperandSketch => ({ kind: "weight", axes });
export const cache = (...axes: readonly Axis[]): OperandSketch => ({ kind: "cache", axes });
export const indices = (axes: readonly Axis[], given: readonly number[]): OperandSketch => ({
  kind: "indices",
  axes,
  values: given,
});

/** The axis of a step's tokens, of symbolic size. */
export const tokens = axis("tokens", "tokens");

/** Whole number from `from` to `to`, both included. */
export const between = (random: RandomNumbers, from: number, to: number): number =>
  from + random.below(to - from + 1);

/** A multiple of `step`, from `step` to `most` of them. */
export const multiple = (random: RandomNumbers, step: number, most: number): number =>
  step * between(random, 1, most);

export const drawn = (count: number, draw: (i: number) => number): readonly number[] =>
  Array.from({ length: count }, (_, i) => draw(i));

/** `count` different whole numbers below `below`, in any order. */
export function distinct(random: RandomNumbers, count: number, below: number): readonly number[] {
  const left = drawn(below, (i) => i).slice();
  return drawn(count, () => left.splice(random.below(left.length), 1)[0] ?? 0);
}
