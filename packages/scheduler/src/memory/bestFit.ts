import { align } from "./align.ts";

/** A piece of an arena, alive from one position of its device's order to another, both included. */
export interface Piece {
  readonly id: string;
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

export interface Placed extends Piece {
  readonly offset: number;
}

type Order = (a: Piece, b: Piece) => number;

const byId: Order = (a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
const largestFirst: Order = (a, b) => b.bytes - a.bytes || a.first - b.first || byId(a, b);
const earliestFirst: Order = (a, b) => a.first - b.first || b.bytes - a.bytes || byId(a, b);
const longestFirst: Order = (a, b) =>
  b.bytes * (b.last - b.first + 1) - a.bytes * (a.last - a.first + 1) || largestFirst(a, b);

interface Packing {
  readonly placed: readonly Placed[];
  readonly bytes: number;
}

/** Puts each piece, in the order given, into the smallest gap between those that live at the same time. */
function pack(pieces: readonly Piece[], order: Order): Packing {
  const placed: Placed[] = [];
  let bytes = 0;
  for (const piece of [...pieces].sort(order)) {
    const beside = placed
      .filter(({ first, last }) => first <= piece.last && piece.first <= last)
      .sort((a, b) => a.offset - b.offset);
    const need = align(piece.bytes);
    let end = 0;
    let offset = -1;
    let smallest = Number.POSITIVE_INFINITY;
    for (const other of beside) {
      const gap = other.offset - end;
      if (gap >= need && gap < smallest) {
        offset = end;
        smallest = gap;
      }
      end = Math.max(end, other.offset + align(other.bytes));
    }
    if (offset < 0) offset = end;
    placed.push({ ...piece, offset });
    bytes = Math.max(bytes, offset + need);
  }
  return { placed, bytes };
}

/** Least bytes that any packing needs: the largest sum of pieces alive at once. */
export function lowerBound(pieces: readonly Piece[]): number {
  const changes = new Map<number, number>();
  const add = (at: number, bytes: number) => changes.set(at, (changes.get(at) ?? 0) + bytes);
  for (const { bytes, first, last } of pieces) {
    add(first, align(bytes));
    add(last + 1, -align(bytes));
  }
  let now = 0;
  let most = 0;
  for (const [, change] of [...changes.entries()].sort(([a], [b]) => a - b)) {
    now += change;
    most = Math.max(most, now);
  }
  return most;
}

/** Offsets for all pieces, none overlapping another that lives at the same time: the best of three orders, the first among equals. */
export function bestFit(pieces: readonly Piece[]): Packing {
  const least = lowerBound(pieces);
  let best: Packing | undefined;
  for (const order of [largestFirst, longestFirst, earliestFirst]) {
    const packing = pack(pieces, order);
    if (best === undefined || packing.bytes < best.bytes) best = packing;
    if (best.bytes === least) break;
  }
  return best ?? { placed: [], bytes: 0 };
}
