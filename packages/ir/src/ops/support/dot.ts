type Floats = Float32Array | Float64Array;

/** Σ a·b over `count` values from `aAt` and `bAt`, in f64, as four interleaved sums: one would wait for itself at every step. */
export function dot(a: Floats, aAt: number, b: Floats, bAt: number, count: number): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    s0 += (a[aAt + i] as number) * (b[bAt + i] as number);
    s1 += (a[aAt + i + 1] as number) * (b[bAt + i + 1] as number);
    s2 += (a[aAt + i + 2] as number) * (b[bAt + i + 2] as number);
    s3 += (a[aAt + i + 3] as number) * (b[bAt + i + 3] as number);
  }
  for (; i < count; i++) s0 += (a[aAt + i] as number) * (b[bAt + i] as number);
  return s0 + s1 + (s2 + s3);
}

/** `sums[i] += Σ_r weights[r] · values[places[r] + i]`, four rows at a time so that the sums are loaded and stored less. */
export function addWeightedRows(
  sums: Float64Array,
  weights: Floats,
  weightsAt: number,
  values: Floats,
  placeOf: (row: number) => number,
  rows: number,
): void {
  let r = 0;
  for (; r + 4 <= rows; r += 4) {
    const [p0, p1, p2, p3] = [placeOf(r), placeOf(r + 1), placeOf(r + 2), placeOf(r + 3)];
    const w0 = weights[weightsAt + r] as number;
    const w1 = weights[weightsAt + r + 1] as number;
    const w2 = weights[weightsAt + r + 2] as number;
    const w3 = weights[weightsAt + r + 3] as number;
    for (let i = 0; i < sums.length; i++) {
      const first = w0 * (values[p0 + i] as number) + w1 * (values[p1 + i] as number);
      const second = w2 * (values[p2 + i] as number) + w3 * (values[p3 + i] as number);
      sums[i] = (sums[i] as number) + (first + second);
    }
  }
  for (; r < rows; r++) {
    const place = placeOf(r);
    const weight = weights[weightsAt + r] as number;
    for (let i = 0; i < sums.length; i++)
      sums[i] = (sums[i] as number) + weight * (values[place + i] as number);
  }
}
