import fc from "fast-check";
import { expect, test } from "vitest";
import { bestFit, lowerBound, type Piece } from "./bestFit.ts";

const piece = (id: string, bytes: number, first: number, last: number): Piece => ({ id, bytes, first, last });

const pieces = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 1000 }), fc.nat(30), fc.nat(8)), { maxLength: 40 })
  .map((list) => list.map(([bytes, first, length], i) => piece(`p${i}`, bytes, first, first + length)));

test("pieces that live at the same time never overlap", () => {
  fc.assert(
    fc.property(pieces, (list) => {
      const { placed, bytes } = bestFit(list);
      expect(placed).toHaveLength(list.length);
      for (const a of placed) {
        expect(a.offset % 64).toBe(0);
        expect(a.offset + a.bytes).toBeLessThanOrEqual(bytes);
        for (const b of placed) {
          if (a.id === b.id || a.last < b.first || b.last < a.first || a.bytes === 0 || b.bytes === 0)
            continue;
          expect(a.offset + a.bytes <= b.offset || b.offset + b.bytes <= a.offset).toBe(true);
        }
      }
      expect(bytes).toBeGreaterThanOrEqual(lowerBound(list));
    }),
  );
});

test("the order in which pieces are listed doesn't matter", () => {
  fc.assert(
    fc.property(pieces, fc.infiniteStream(fc.nat()), (list, random) => {
      const shuffled = list
        .map((p) => ({ p, key: random.next().value as number }))
        .sort((a, b) => a.key - b.key);
      const offsets = (of: readonly Piece[]) =>
        new Map(bestFit(of).placed.map(({ id, offset }) => [id, offset]));
      const again = offsets(shuffled.map(({ p }) => p));
      for (const [id, offset] of offsets(list)) expect(again.get(id)).toBe(offset);
    }),
  );
});

test("memory is used again once a piece is dead", () => {
  const { bytes } = bestFit([piece("a", 64, 0, 1), piece("b", 64, 1, 2), piece("c", 64, 2, 3)]);
  expect(bytes).toBe(128);
});

test("a chain of growing and shrinking pieces needs no more than what is alive at once", () => {
  const list = [piece("a", 100, 0, 1), piece("b", 300, 1, 2), piece("c", 100, 2, 3), piece("d", 200, 3, 4)];
  expect(bestFit(list).bytes).toBe(lowerBound(list));
});

test("no pieces need no memory", () => {
  expect(bestFit([])).toEqual({ placed: [], bytes: 0 });
});
