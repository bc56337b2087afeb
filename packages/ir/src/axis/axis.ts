import { addSizes, multiplySizes, type Size, type SizeLike, size } from "./size.ts";

/**
 * A named direction of a tensor. Axes are declared once and compared by identity: within a graph a name stands for one axis object,
 * and the compiler compares names.
 */
export interface Axis<Name extends string = string> {
  readonly name: Name;
  readonly size: Size;
}

export type Axes = readonly Axis[];

/** An axis whose positions are all combinations of its factors' positions, the last factor running fastest: `heads × headDim`. */
export interface ProductAxis<Name extends string = string, Factors extends Axes = Axes> extends Axis<Name> {
  readonly factors: Factors;
}

/** An axis whose positions are its parts' positions one after the other: `latent | rope`. */
export interface ConcatAxis<Name extends string = string, Parts extends Axes = Axes> extends Axis<Name> {
  readonly parts: Parts;
}

export const axis = <const Name extends string>(name: Name, length: SizeLike): Axis<Name> =>
  Object.freeze({ name, size: size(length) });

export const productAxis = <const Name extends string, const Factors extends Axes>(
  name: Name,
  ...factors: Factors
): ProductAxis<Name, Factors> =>
  Object.freeze({ name, size: multiplySizes(...factors.map((f) => f.size)), factors });

export const concatAxis = <const Name extends string, const Parts extends Axes>(
  name: Name,
  ...parts: Parts
): ConcatAxis<Name, Parts> => Object.freeze({ name, size: addSizes(...parts.map((p) => p.size)), parts });
