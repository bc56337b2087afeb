import type { Tolerance } from "./op.ts";

/** Values are only moved. */
export const exact: Tolerance = { f32: 0, half: 0, block: 0 };

/** A few roundings for each element; f32 `exp` and friends differ in the last bits. */
export const elementwise: Tolerance = { f32: 2e-6, half: 2e-6, block: 2e-6 };

/** Reductions along a row of f32. */
export const reduction: Tolerance = { f32: 1e-5, half: 1e-5, block: 1e-5 };

/**
 * Products with a stored weight. f32: a long sum of roundings. half: activations may be rounded to the weight's type (bf16 keeps 8
 * bits). block: activations may be quantised to 8 bits by blocks of 32, about 0.5 % noise a sum; the largest of many is some 5 times that.
 */
export const linear: Tolerance = { f32: 1e-4, half: 1e-2, block: 5e-2 };

/** The product of two such sums: their noise adds up. */
export const gatedProduct: Tolerance = { f32: 2e-4, half: 2e-2, block: 8e-2 };

/** A gated product, whose long-tailed result is rounded once more for the next product. */
export const gatedNetwork: Tolerance = { f32: 2e-4, half: 3e-2, block: 1.2e-1 };

/** Two products and a softmax over cached rows. */
export const attentionTolerance: Tolerance = { f32: 2e-4, half: 1e-2, block: 5e-2 };
