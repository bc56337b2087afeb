import fc from "fast-check";
import { expect, test } from "vitest";
import { cutAxis } from "./cutAxis.ts";

test.each<[string, number, readonly number[], readonly number[], readonly number[] | undefined]>([
  ["even parts", 64, [1, 1], [32], [32, 32]],
  ["parts that differ by a unit", 96, [1, 1], [32], [64, 32]],
  ["groups of 16 rows where there are enough", 100, [1, 1, 1], [], [32, 32, 36]],
  ["single positions where there aren't", 40, [1, 1, 1], [], [14, 13, 13]],
  ["blocks of several sizes", 1024, [1, 1, 1], [32, 256], [512, 256, 256]],
  ["shares", 1024, [3, 1], [32], [768, 256]],
  ["shares that don't come out even", 160, [1, 2.5], [32], [64, 96]],
  ["a small share, which gets one group", 64, [1, 20], [], [16, 48]],
  ["too few blocks", 32, [1, 1], [32], undefined],
  ["too few positions", 1, [1, 1], [], undefined],
])("%s", (_, size, shares, blocks, counts) => {
  expect(cutAxis(size, shares, blocks)?.map(({ count }) => count)).toEqual(counts);
});

test("parts cover the axis in order, begin at whole blocks, and are as even as units allow", () => {
  const sizes = fc.record({
    units: fc.integer({ min: 1, max: 300 }),
    parts: fc.integer({ min: 1, max: 9 }),
    block: fc.constantFrom(1, 32, 256),
  });
  fc.assert(
    fc.property(sizes, ({ units, parts, block }) => {
      const size = units * block;
      const ranges =
        cutAxis(
          size,
          Array.from({ length: parts }, () => 1),
          [block],
        ) ?? [];
      expect(ranges.length).toBe(units < parts ? 0 : parts);
      let end = 0;
      for (const { first, count } of ranges) {
        expect(first).toBe(end);
        expect(first % block).toBe(0);
        expect(count).toBeGreaterThan(0);
        end = first + count;
      }
      expect(end).toBe(ranges.length === 0 ? 0 : size);
      const counts = [0, ...ranges.map(({ count }) => count)].slice(ranges.length === 0 ? 0 : 1);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(2 * Math.max(block, 16));
    }),
  );
});
