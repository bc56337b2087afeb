import fc from "fast-check";
import { expect, test } from "vitest";
import type { Dependencies } from "./dependencies.ts";
import { groupSplits } from "./groupSplits.ts";

const graphOf = (edges: readonly (readonly [number, number])[], count: number): Dependencies => ({
  before: Array.from({ length: count }, (_, n) => edges.filter(([, b]) => b === n).map(([a]) => a)),
  after: Array.from({ length: count }, (_, n) => edges.filter(([a]) => a === n).map(([, b]) => b)),
});

/** Fewest runs of one device over all orders: by trying every set of nodes that are done and every last device. */
function fewest(devices: readonly number[], { before }: Dependencies): number {
  const count = devices.length;
  const best = new Map<string, number>([["0:-1", 0]]);
  for (let done = 0; done < 1 << count; done++) {
    for (let last = -1; last < 4; last++) {
      const runs = best.get(`${done}:${last}`);
      if (runs === undefined) continue;
      for (let node = 0; node < count; node++) {
        if ((done >> node) & 1 || before[node]?.some((b) => !((done >> b) & 1))) continue;
        const key = `${done | (1 << node)}:${devices[node]}`;
        best.set(key, Math.min(best.get(key) ?? 99, runs + (devices[node] === last ? 0 : 1)));
      }
    }
  }
  return Math.min(...[-1, 0, 1, 2, 3].map((last) => best.get(`${(1 << count) - 1}:${last}`) ?? 99));
}

const randomCase = (deviceCount: number, most: number) =>
  fc.integer({ min: 1, max: most }).chain((count) =>
    fc.record({
      devices: fc.array(fc.integer({ min: 0, max: deviceCount - 1 }), { minLength: count, maxLength: count }),
      graph: fc
        .array(fc.tuple(fc.nat(count - 1), fc.nat(count - 1)), { maxLength: 2 * count })
        .map((pairs) => {
          const edges = new Map(
            pairs.filter(([a, b]) => a < b).map(([a, b]) => [`${a},${b}`, [a, b] as const]),
          );
          return graphOf([...edges.values()], count);
        }),
    }),
  );

const checkValid = (devices: readonly number[], graph: Dependencies) => {
  const groups = groupSplits(devices, 4, graph);
  const order = groups.flatMap(({ nodes }) => nodes);
  expect([...order].sort((a, b) => a - b)).toEqual(devices.map((_, node) => node));
  for (const { device, nodes } of groups) expect(nodes.every((node) => devices[node] === device)).toBe(true);
  const at = new Map(order.map((node, position) => [node, position]));
  for (const [node, list] of graph.before.entries()) {
    for (const b of list) expect(at.get(b) as number).toBeLessThan(at.get(node) as number);
  }
  return groups;
};

test("with two devices no grouping has fewer splits", () => {
  fc.assert(
    fc.property(randomCase(2, 10), ({ devices, graph }) => {
      expect(checkValid(devices, graph)).toHaveLength(fewest(devices, graph));
    }),
    { numRuns: 150 },
  );
});

test("with more devices groupings are valid", () => {
  fc.assert(
    fc.property(randomCase(4, 9), ({ devices, graph }) => {
      expect(checkValid(devices, graph).length).toBeGreaterThanOrEqual(fewest(devices, graph));
    }),
    { numRuns: 100 },
  );
});

test("a pipeline over four devices has one split for each", () => {
  const devices = [0, 0, 1, 1, 2, 2, 3, 3];
  const edges = devices.slice(1).map((_, n) => [n, n + 1] as const);
  expect(groupSplits(devices, 4, graphOf(edges, 8)).map(({ device }) => device)).toEqual([0, 1, 2, 3]);
});

test("work that nothing waits for joins a split that is there anyway", () => {
  // 0 (a) → 1 (b) → 3 (a); 2 (b) stands alone.
  const graph = graphOf(
    [
      [0, 1],
      [1, 3],
    ],
    4,
  );
  expect(groupSplits([0, 1, 1, 0], 2, graph).map(({ nodes }) => nodes)).toEqual([[0], [1, 2], [3]]);
});

test("views have no split", () => {
  expect(groupSplits([0, -1, 0], 1, graphOf([], 3))).toEqual([{ device: 0, nodes: [0, 2] }]);
});
