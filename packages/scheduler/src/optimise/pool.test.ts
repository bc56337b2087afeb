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

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

const cases = fc.record({
  sizes: fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 }),
  rooms: fc.array(fc.integer({ min: 0, max: 200 }), { minLength: 3, maxLength: 3 }),
  there: fc.array(fc.boolean(), { minLength: 24, maxLength: 24 }),
});

function deal({ sizes, rooms, there }: typeof cases extends fc.Arbitrary<infer Case> ? Case : never) {
  const chain = chainOf(sizes, [10_000, ...rooms]);
  const pooled = new Map(chain.groups.map((group, at) => [groupKey(group), there[at] ? 1 : 0]));
  const wanted = chain.groups.filter((group) => pooled.get(groupKey(group)) === 1);
  const bytesOf = ({ layer }: Group) => sizes[layer] as number;
  return { chain, pooled, wanted, bytesOf, dealt: dealOut(pooled, chain, chain.room, twins) };
}

test("layers are dealt out in order, and no device gets more than it has room for", () => {
  fc.assert(
    fc.property(cases, (given) => {
      const { chain, pooled, wanted, bytesOf, dealt } = deal(given);
      fc.pre("choice" in dealt);
      const deviceOf = (group: Group) => dealt.choice.get(groupKey(group)) as number;
      const members = wanted.map(deviceOf);
      expect(members).toEqual([...members].sort((a, b) => a - b));
      expect(chain.groups.map((group) => Math.min(1, deviceOf(group)))).toEqual([...pooled.values()]);
      const used = chain.room.map((_, device) =>
        sum(chain.groups.filter((group) => deviceOf(group) === device).map(bytesOf)),
      );
      expect(used.filter((bytes, device) => bytes > (chain.room[device] as number))).toEqual([]);
    }),
  );
});

test("only pieces smaller than the largest layer are wasted before devices are called too small", () => {
  fc.assert(
    fc.property(cases, (given) => {
      const { wanted, bytesOf, dealt } = deal(given);
      fc.pre("over" in dealt);
      expect(dealt.over).toBeGreaterThan(0);
      expect(sum(wanted.map(bytesOf)) + 3 * 2 * Math.max(...given.sizes)).toBeGreaterThan(sum(given.rooms));
    }),
  );
});
