import type { Axes, Axis, ConcatAxis, ProductAxis } from "../axis/axis.ts";

/** What a parameter's type becomes when the arguments don't fit: no tensor has this property, so tsc prints the sentence. */
export interface Mismatch<Text extends string> {
  readonly error: Text;
}

/** Axis names, slowest first, as a person lists them: `tokens, heads, nope`. */
export type AxisList<A extends Axes> = A extends readonly [
  infer Head extends Axis,
  ...infer Rest extends Axes,
]
  ? Rest extends readonly []
    ? Head["name"]
    : `${Head["name"]}, ${AxisList<Rest>}`
  : "";

/** `unknown` when both axes have the same name (or one is only known at run time), otherwise the sentence. */
export type SameAxis<A extends Axis, B extends Axis, Left extends string, Right extends string> = [
  B["name"],
] extends [A["name"]]
  ? unknown
  : [A["name"]] extends [B["name"]]
    ? unknown
    : Mismatch<`${Left} axis '${A["name"]}', but ${Right} axis '${B["name"]}'`>;

/** As `SameAxis` for whole lists of axes. */
export type SameAxes<A extends Axes, B extends Axes, Left extends string, Right extends string> = [
  AxisList<B>,
] extends [AxisList<A>]
  ? unknown
  : [AxisList<A>] extends [AxisList<B>]
    ? unknown
    : Mismatch<`${Left} [${AxisList<A>}], but ${Right} [${AxisList<B>}]`>;

/** `unknown` when `P` is a part of the concatenated axis `Whole`. */
export type PartOf<Whole extends Axis, P extends Axis, Op extends string> =
  Whole extends ConcatAxis<string, infer Parts>
    ? [P["name"]] extends [Parts[number]["name"]]
      ? unknown
      : Mismatch<`${Op}: the parts of axis '${Whole["name"]}' are [${AxisList<Parts>}], and '${P["name"]}' isn't one`>
    : Mismatch<`${Op}: axis '${Whole["name"]}' has no parts, so '${P["name"]}' can't be one`>;

/** The factors of a product of two axes; `never` for other axes. */
export type FactorsOf<A extends Axis> =
  A extends ProductAxis<string, infer F extends readonly [Axis, Axis]> ? F : never;

/** The fastest axis. */
export type LastOf<A extends Axes> = A extends readonly [...Axes, infer L extends Axis] ? L : Axis;

/** `A` with the axis called `From["name"]` replaced by `To`. */
export type ReplaceAxis<A extends Axes, From extends Axis, To extends Axis> = A extends readonly [
  infer Head extends Axis,
  ...infer Rest extends Axes,
]
  ? readonly [[Head["name"]] extends [From["name"]] ? To : Head, ...ReplaceAxis<Rest, From, To>]
  : readonly [];
