/** Softmax of `values[at … at + count)` in place; a row of all −∞ becomes zeros. */
export function softmaxRow(values: Float32Array | Float64Array, at: number, count: number): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) largest = Math.max(largest, values[at + i] as number);
  if (largest === Number.NEGATIVE_INFINITY) {
    values.fill(0, at, at + count);
    return;
  }
  let sum = 0;
  for (let i = 0; i < count; i++) sum += Math.exp((values[at + i] as number) - largest);
  for (let i = 0; i < count; i++) values[at + i] = Math.exp((values[at + i] as number) - largest) / sum;
}
