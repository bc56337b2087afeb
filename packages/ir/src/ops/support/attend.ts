import { addWeightedRows, dot } from "./dot.ts";
import type { PagedRows } from "./paging.ts";
import { softmaxRow } from "./softmaxRow.ts";

/**
 * Causal softmax attention of one head, in f64: token `t`'s query against the keys of the rows that it may see, then the mean of their
 * values under the softmax weights. `keyAt`/`valueAt` give the place of a cache row.
 */
export function attendHead(p: {
  readonly paging: PagedRows;
  readonly scale: number;
  readonly q: Float32Array;
  readonly queryAt: (t: number) => number;
  readonly keys: Float32Array;
  readonly keyAt: (slot: number) => number;
  readonly keyWidth: number;
  readonly values: Float32Array;
  readonly valueAt: (slot: number) => number;
  readonly valueWidth: number;
  readonly out: Float32Array;
  readonly outAt: (t: number) => number;
}): void {
  const { paging, q, keys, values, keyWidth, valueWidth } = p;
  const sums = new Float64Array(valueWidth);
  for (let t = 0; t < paging.tokens; t++) {
    const count = paging.visible(t);
    const weights = new Float64Array(count);
    const query = p.queryAt(t);
    for (let j = 0; j < count; j++) {
      weights[j] = dot(q, query, keys, p.keyAt(paging.slot(t, j)), keyWidth) * p.scale;
    }
    softmaxRow(weights, 0, count);
    sums.fill(0);
    addWeightedRows(sums, weights, 0, values, (j) => p.valueAt(paging.slot(t, j)), count);
    p.out.set(sums, p.outAt(t));
  }
}
