/** `values[at + i] ← values[at + i] / √(mean square + eps) · weight[i]` for `size` values. */
export function normaliseRow(
  values: Float32Array,
  at: number,
  size: number,
  weight: Float32Array,
  eps: number,
): void {
  let squares = 0;
  for (let i = 0; i < size; i++) squares += (values[at + i] as number) ** 2;
  const factor = 1 / Math.sqrt(squares / size + eps);
  for (let i = 0; i < size; i++) values[at + i] = (values[at + i] as number) * factor * (weight[i] as number);
}
