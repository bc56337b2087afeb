/**
 * `out[r, n] = Σ_k x[r, k] · w[n, k]` in f64, k ascending. Four weight rows at a time, so that a row of `x` is read once for them; the
 * sums don't depend on the grouping.
 */
export function multiplyRows(p: {
  readonly x: Float32Array | Float64Array;
  readonly xAt?: number;
  readonly rows: number;
  readonly inner: number;
  readonly w: Float32Array;
  readonly wAt?: number;
  readonly outer: number;
  readonly out: Float32Array | Float64Array;
  readonly outAt?: number;
  /** Elements between rows of `x` and of `out`, where they aren't dense. */
  readonly xStride?: number;
  readonly outStride?: number;
}): void {
  const { x, w, out, rows, inner, outer } = p;
  const xStride = p.xStride ?? inner;
  const outStride = p.outStride ?? outer;
  for (let n = 0; n < outer; n += 4) {
    const lanes = Math.min(4, outer - n);
    const w0 = (p.wAt ?? 0) + n * inner;
    const w1 = lanes > 1 ? w0 + inner : w0;
    const w2 = lanes > 2 ? w1 + inner : w0;
    const w3 = lanes > 3 ? w2 + inner : w0;
    for (let r = 0; r < rows; r++) {
      const xr = (p.xAt ?? 0) + r * xStride;
      let s0 = 0;
      let s1 = 0;
      let s2 = 0;
      let s3 = 0;
      for (let k = 0; k < inner; k++) {
        const v = x[xr + k] as number;
        s0 += v * (w[w0 + k] as number);
        s1 += v * (w[w1 + k] as number);
        s2 += v * (w[w2 + k] as number);
        s3 += v * (w[w3 + k] as number);
      }
      const o = (p.outAt ?? 0) + r * outStride + n;
      out[o] = s0;
      if (lanes > 1) out[o + 1] = s1;
      if (lanes > 2) out[o + 2] = s2;
      if (lanes > 3) out[o + 3] = s3;
    }
  }
}

export const siluOf = (x: number): number => x / (1 + Math.exp(-x));
export const sigmoidOf = (x: number): number => 1 / (1 + Math.exp(-x));
