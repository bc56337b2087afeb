import { nextAbove } from "./scan.ts";

/**
 * The `k` largest of `values[0 … count)`, as a min-heap in `heap[0 … min(k, count))`: `heap[0]` is the smallest of them.
 * One pass; a value that isn't among the largest costs one comparison. With NaN in `values` it ends, but what it finds means nothing.
 */
export function largest(
  values: Float32Array | Float64Array,
  count: number,
  k: number,
  heap: Float64Array,
): number {
  const size = Math.min(k, count);
  for (let i = 0; i < size; i++) heap[i] = values[i] as number;
  for (let i = (size >>> 1) - 1; i >= 0; i--) sink(heap, i, size);
  let least = heap[0] as number;
  for (let i = nextAbove(values, size, count, least); i < count; i = nextAbove(values, i + 1, count, least)) {
    heap[0] = values[i] as number;
    sink(heap, 0, size);
    least = heap[0];
  }
  return size;
}

/** How many of a heap's numbers equal its least one; none if that is -Infinity, an impossible token's logit. */
export function tiesWith(heap: Float64Array, size: number, least: number): number {
  if (least === -Infinity) return 0;
  let ties = 0;
  for (let i = 0; i < size; i++) if (heap[i] === least) ties++;
  return ties;
}

function sink(heap: Float64Array, from: number, size: number): void {
  const moved = heap[from] as number;
  let at = from;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= size) break;
    if (child + 1 < size && (heap[child + 1] as number) < (heap[child] as number)) child++;
    const value = heap[child] as number;
    if (value >= moved) break;
    heap[at] = value;
    at = child;
  }
  heap[at] = moved;
}

/** Makes the positions in `order[0 … count)` a heap, smallest key first, ties to the lower position. */
export function heapify(order: Int32Array, keys: Float64Array, count: number): void {
  for (let i = (count >>> 1) - 1; i >= 0; i--) sinkPosition(order, keys, i, count);
}

/** Takes the first position off a heap of `count`, which then has one less. */
export function pop(order: Int32Array, keys: Float64Array, count: number): number {
  const first = order[0] as number;
  order[0] = order[count - 1] as number;
  sinkPosition(order, keys, 0, count - 1);
  return first;
}

function sinkPosition(order: Int32Array, keys: Float64Array, from: number, size: number): void {
  const moved = order[from] as number;
  const key = keys[moved] as number;
  let at = from;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= size) break;
    let position = order[child] as number;
    let childKey = keys[position] as number;
    if (child + 1 < size) {
      const other = order[child + 1] as number;
      const otherKey = keys[other] as number;
      if (otherKey < childKey || (otherKey === childKey && other < position)) {
        child++;
        position = other;
        childKey = otherKey;
      }
    }
    if (childKey > key || (childKey === key && position > moved)) break;
    order[at] = position;
    at = child;
  }
  order[at] = moved;
}
