import { describe, expect, it } from "vitest";
import { chooseSeed, Random } from "./random.ts";

describe("Random", () => {
  it("gives the published sequence of xoshiro128**", () => {
    const random = Random.fromState(1, 2, 3, 4);
    expect(Array.from({ length: 10 }, () => random.next())).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });

  it("fills its state with the published sequence of splitmix64", () => {
    // Seed 0: 0xe220a8397b1dcdaf, 0x6e789e6aa1b965f4.
    const expected = Random.fromState(0x7b1dcdaf, 0xe220a839, 0xa1b965f4, 0x6e789e6a);
    const random = Random.fromSeed(0);
    for (let i = 0; i < 5; i++) expect(random.next()).toBe(expected.next());
  });

  it("tells seeds apart beyond 32 bits", () => {
    const firsts = [0, 1, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER].map((s) =>
      Random.fromSeed(s).next(),
    );
    expect(new Set(firsts).size).toBe(firsts.length);
  });

  it("spreads uniform numbers over [0, 1)", () => {
    const random = Random.fromSeed(7);
    const bins = Array.from({ length: 10 }, () => 0);
    for (let i = 0; i < 20_000; i++) {
      const bin = Math.floor(random.uniform() * 10);
      bins[bin] = (bins[bin] as number) + 1;
    }
    // 99.9 % quantile of chi-square with 9 degrees of freedom.
    expect(bins.reduce((sum, n) => sum + (n - 2000) ** 2 / 2000, 0)).toBeLessThan(27.88);
  });

  it("goes its own way after clone", () => {
    const random = Random.fromSeed(3);
    random.next();
    const copy = random.clone();
    const ahead = [random.next(), random.next()];
    expect([copy.next(), copy.next()]).toEqual(ahead);
  });

  it("chooses seeds that a user can give again", () => {
    const seeds = Array.from({ length: 20 }, chooseSeed);
    expect(seeds.every((s) => Number.isSafeInteger(s) && s >= 0)).toBe(true);
    expect(new Set(seeds).size).toBe(20);
  });
});
