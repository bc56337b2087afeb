import fc from "fast-check";
import { expect, test } from "vitest";
import type { Chain } from "./chain.ts";
import { type Group, groupKey } from "./groups.ts";
import { dealOut, poolTwins } from "./pool.ts";

const twins = [[0], [1, 2, 3]];

function chainOf(sizes: readonly number[], room: readonly number[]): Chain {
  const groups = sizes.flatMap((_, layer): readonly Group[] => [
    { layer, part: "attention" },
    { layer, part: "experts" },
  ]);
  const row = (at: number) => room.map(() => sizes[Math.floor(at / 2)] as number);
  return {
    groups,
    ns: new Map(groups.map((group, at) => [groupKey(group), row(at)])),
    bytes: new Map(groups.map((group, at) => [groupKey(group), row(at)])),
    edges: [],
    room,
  };
}

test("equal devices are one, with all their room", () => {
  const pooled = poolTwins(chainOf([5, 6], [100, 10, 20, 30]), twins);
  expect(pooled.room).toEqual([100, 60]);
  expect(pooled.bytes.get("1 experts")).toEqual([6, 6]);
});

test("layers are dealt out in order and kept together, and no device gets more than it has room for", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 }),
      fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 3, maxLength: 3 }),
      fc.array(fc.boolean(), { minLength: 24, maxLength: 24 }),
      (sizes, rooms, there) => {
        const chain = chainOf(sizes, [10_000, ...rooms]);
        const pooled = new Map(chain.groups.map((group, at) => [groupKey(group), there[at] ? 1 : 0]));
        const dealt = dealOut(pooled, chain, chain.room, twins);
        if ("over" in dealt) {
          // Only what lies in pieces, each smaller than the largest tensor, may be wasted.
          const wanted = chain.groups
            .filter((group) => pooled.get(groupKey(group)) === 1)
            .reduce((sum, group) => sum + (sizes[group.layer] as number), 0);
          expect(dealt.over).toBeGreaterThan(0);
          expect(wanted + 3 * 2 * Math.max(...sizes)).toBeGreaterThan(rooms.reduce((a, b) => a + b, 0));
          return;
        }
        const used = chain.room.map(() => 0);
        let last = 1;
        for (const group of chain.groups) {
          const device = dealt.choice.get(groupKey(group)) as number;
          expect(device === 0).toBe(pooled.get(groupKey(group)) === 0);
          if (device > 0) {
            expect(device).toBeGreaterThanOrEqual(last);
            last = device;
          }
          used[device] = (used[device] as number) + (sizes[group.layer] as number);
        }
        for (const [device, bytes] of used.entries())
          expect(bytes).toBeLessThanOrEqual(chain.room[device] as number);
      },
    ),
  );
});
