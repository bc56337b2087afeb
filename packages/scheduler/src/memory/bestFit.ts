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
const latestFirst: Order = (a, b) => b.last - a.last || b.bytes - a.bytes || byId(a, b);
const longestFirst: Order = (a, b) =>
  b.bytes * (b.last - b.first + 1) - a.bytes * (a.last - a.first + 1) || largestFirst(a, b);

/** Packings to try beyond the first orders, and pieces that may be placed in doing so: bounds on work, not on time. */
const MAX_REPAIRS = 64;
const MAX_REPAIR_PIECES = 60_000;

/** Pieces that live at the same time as each, as indexes. */
function conflictsOf(pieces: readonly Piece[]): readonly (readonly number[])[] {
  const conflicts: number[][] = pieces.map(() => []);
  const byStart = pieces
    .map((_, i) => i)
    .sort((a, b) => earliestFirst(pieces[a] as Piece, pieces[b] as Piece));
  let alive: number[] = [];
  for (const i of byStart) {
    const { first } = pieces[i] as Piece;
    alive = alive.filter((j) => (pieces[j] as Piece).last >= first);
    for (const j of alive) {
      conflicts[i]?.push(j);
      conflicts[j]?.push(i);
    }
    alive.push(i);
  }
  return conflicts;
}

interface Packing {
  readonly offsets: readonly number[];
  readonly bytes: number;
}

/** Puts each piece, in the order given, into the smallest gap between those that live at the same time. */
function pack(
  sizes: readonly number[],
  conflicts: readonly (readonly number[])[],
  order: readonly number[],
): Packing {
  const offsets = sizes.map(() => -1);
  let bytes = 0;
  for (const i of order) {
    const need = sizes[i] as number;
    const beside = (conflicts[i] ?? []).filter((j) => (offsets[j] as number) >= 0);
    beside.sort((a, b) => (offsets[a] as number) - (offsets[b] as number));
    let end = 0;
    let offset = -1;
    let smallest = Number.POSITIVE_INFINITY;
    for (const j of beside) {
      const gap = (offsets[j] as number) - end;
      if (gap >= need && gap < smallest) {
        offset = end;
        smallest = gap;
      }
      end = Math.max(end, (offsets[j] as number) + (sizes[j] as number));
    }
    if (offset < 0) offset = end;
    offsets[i] = offset;
    bytes = Math.max(bytes, offset + need);
  }
  return { offsets, bytes };
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

/** The order with the piece that reaches highest moved to the front: it gets a better place, and others make way. */
function highestFirst(
  order: readonly number[],
  sizes: readonly number[],
  { offsets, bytes }: Packing,
): readonly number[] {
  const at = order.findIndex((i) => (offsets[i] as number) + (sizes[i] as number) === bytes);
  const top = order[at];
  return top === undefined ? order : [top, ...order.slice(0, at), ...order.slice(at + 1)];
}

/**
 * Offsets for all pieces, none overlapping another that lives at the same time. Greedy packing in four orders; while the best isn't the
 * least possible, the order is repaired a bounded number of times. The first among equals wins, so the answer is always the same.
 */
export function bestFit(pieces: readonly Piece[]): {
  readonly placed: readonly Placed[];
  readonly bytes: number;
} {
  const least = lowerBound(pieces);
  const sizes = pieces.map(({ bytes }) => align(bytes));
  const conflicts = conflictsOf(pieces);
  const sorted = (by: Order) =>
    pieces.map((_, i) => i).sort((a, b) => by(pieces[a] as Piece, pieces[b] as Piece));

  let best: Packing = { offsets: [], bytes: Number.POSITIVE_INFINITY };
  const consider = (order: readonly number[]): Packing => {
    const packing = pack(sizes, conflicts, order);
    if (packing.bytes < best.bytes) best = packing;
    return packing;
  };
  const attempts = [largestFirst, longestFirst, earliestFirst, latestFirst].map((by) => {
    const order: readonly number[] = best.bytes > least ? sorted(by) : [];
    return { order, packing: best.bytes > least ? consider(order) : best };
  });
  let left = Math.min(MAX_REPAIRS, Math.floor(MAX_REPAIR_PIECES / Math.max(1, pieces.length)));
  while (best.bytes > least && left > 0) {
    for (const attempt of attempts) {
      if (best.bytes === least || left-- <= 0) break;
      attempt.order = highestFirst(attempt.order, sizes, attempt.packing);
      attempt.packing = consider(attempt.order);
    }
  }
  const { offsets } = best;
  return {
    placed: pieces.map((piece, i) => ({ ...piece, offset: offsets[i] as number })),
    bytes: pieces.length === 0 ? 0 : best.bytes,
  };
}
