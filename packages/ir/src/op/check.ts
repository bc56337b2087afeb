import type { Axis } from "../axis/axis.ts";
import { printSize, sizesEqual } from "../axis/size.ts";
import type { DType } from "../dtype/index.ts";
import { fail } from "../graph/builder.ts";
import type { TypedAxes } from "./op.ts";

/** Checks that type rules share. Each raises one sentence that names operands, axes and sizes. */

export const printAxis = (axis: Axis): string =>
  axis.name === printSize(axis.size) ? axis.name : `${axis.name}=${printSize(axis.size)}`;

/** `f32[tokens, embd=2048]` */
export const printTypedAxes = ({ dtype, axes }: TypedAxes): string =>
  `${dtype}[${axes.map(printAxis).join(", ")}]`;

/** Takes operands out of a record by name. The builder has made sure that they are there. */
export function need<T, const Names extends readonly string[]>(
  record: Readonly<Record<string, T>>,
  ...names: Names
): { readonly [I in keyof Names]: T } {
  return names.map(
    (name) => record[name] ?? fail("op/operand-missing", `the operand '${name}' is missing`),
  ) as unknown as { readonly [I in keyof Names]: T };
}

function expectType(name: string, type: TypedAxes, fits: boolean, wanted: string): void {
  if (fits) return;
  fail("op/element-type", `${name} is ${printTypedAxes(type)}, but its elements must be ${wanted}`, {
    operand: name,
    got: type.dtype,
    needed: wanted,
  });
}

export const expectF32 = (types: Readonly<Record<string, TypedAxes>>): void => {
  for (const [name, type] of Object.entries(types)) expectType(name, type, type.dtype === "f32", "f32");
};

export const expectIndices = (types: Readonly<Record<string, TypedAxes>>): void => {
  for (const [name, type] of Object.entries(types)) expectType(name, type, type.dtype === "i32", "i32");
};

/** Weights: any type but i32. */
export const expectStorage = (types: Readonly<Record<string, TypedAxes>>): void => {
  for (const [name, type] of Object.entries(types))
    expectType(name, type, type.dtype !== "i32", "a storage type, not i32");
};

const cacheTypes: readonly DType[] = ["f32", "f16", "bf16", "q8_0"];

export const expectCache = (name: string, type: TypedAxes): void =>
  expectType(
    name,
    type,
    cacheTypes.includes(type.dtype),
    "f32, f16, bf16 or q8_0, the types that caches can have",
  );

/** The operand's axes, when it has as many as `letters`. */
export function axesOf<const Letters extends readonly string[]>(
  name: string,
  type: TypedAxes,
  letters: Letters,
): { readonly [I in keyof Letters]: Axis } {
  if (type.axes.length !== letters.length) {
    fail(
      "op/rank",
      `${name} is ${printTypedAxes(type)} with ${type.axes.length} axes, but the operation reads ${letters.length}: [${letters.join(", ")}]`,
      { operand: name, got: type.axes.length, needed: letters.length },
    );
  }
  return type.axes as unknown as { readonly [I in keyof Letters]: Axis };
}

/** Splits off the fastest axis. */
export function lastAxis(
  name: string,
  type: TypedAxes,
): { readonly leading: readonly Axis[]; readonly last: Axis } {
  const last =
    type.axes.at(-1) ?? fail("op/rank", `${name} has no axes, but needs at least one`, { operand: name });
  return { leading: type.axes.slice(0, -1), last };
}

/** `left`/`right` describe the places: "x ends in", "w reads". */
export function expectSameAxis(code: string, left: string, a: Axis, right: string, b: Axis): void {
  if (a.name === b.name && sizesEqual(a.size, b.size)) return;
  fail(
    code,
    `${left} axis '${a.name}' (${printSize(a.size)}), but ${right} axis '${b.name}' (${printSize(b.size)})`,
    { left: printAxis(a), right: printAxis(b) },
    "axes are compared by name: if they mean the same, use one axis, or rename() one",
  );
}

export function expectSameAxes(code: string, left: string, a: TypedAxes, right: string, b: TypedAxes): void {
  const same =
    a.axes.length === b.axes.length &&
    a.axes.every((axis, i) => axis.name === b.axes[i]?.name && sizesEqual(axis.size, b.axes[i].size));
  if (same) return;
  fail(
    code,
    `${left} has the axes [${a.axes.map(printAxis).join(", ")}], but ${right} has [${b.axes.map(printAxis).join(", ")}]`,
    { [left]: printTypedAxes(a), [right]: printTypedAxes(b) },
  );
}

/** The axis' size when it's a plain number. */
export function constantSize(axis: Axis): number {
  const [term, ...more] = axis.size;
  if (term === undefined) return 0;
  if (more.length === 0 && term.symbols.length === 0) return term.coefficient;
  return fail(
    "axis/not-constant",
    `the axis '${axis.name}' (${printSize(axis.size)}) must have a constant size here`,
    {
      axis: axis.name,
    },
  );
}

export function expectSize(code: string, what: string, axis: Axis, needed: number): void {
  const got = constantSize(axis);
  if (got === needed) return;
  fail(code, `${what} axis '${axis.name}' has ${got} positions, but ${needed} are needed`, {
    axis: axis.name,
    got,
    needed,
  });
}
