type Logits = Float32Array | Float64Array;

/**
 * The first index from `from` on whose logit is above `bound` (or NaN), or the length. Four at a time: nearly all
 * of a vocabulary is passed over, and this halves what that costs.
 */
export function nextAbove(x: Logits, from: number, length: number, bound: number): number {
  let i = from;
  for (; i + 3 < length; i += 4) {
    if (
      !(
        (x[i] as number) <= bound &&
        (x[i + 1] as number) <= bound &&
        (x[i + 2] as number) <= bound &&
        (x[i + 3] as number) <= bound
      )
    ) {
      break;
    }
  }
  while (i < length && (x[i] as number) <= bound) i++;
  return i;
}

/** The same for logits that are `bound` or above (or NaN). */
export function nextAtLeast(x: Logits, from: number, length: number, bound: number): number {
  let i = from;
  for (; i + 3 < length; i += 4) {
    if (
      !(
        (x[i] as number) < bound &&
        (x[i + 1] as number) < bound &&
        (x[i + 2] as number) < bound &&
        (x[i + 3] as number) < bound
      )
    ) {
      break;
    }
  }
  while (i < length && (x[i] as number) < bound) i++;
  return i;
}
