import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Candidates } from "./candidates.ts";
import { applyGuidance } from "./guidance.ts";

function guided(cond: readonly number[], uncond: readonly number[], scale: number): number[] {
  const c = new Candidates();
  applyGuidance(c, Float32Array.from(cond), Float32Array.from(uncond), scale);
  return Array.from(c.logits.subarray(0, c.count));
}

const closeTo = (expected: readonly number[]): unknown => expected.map((x): unknown => expect.closeTo(x, 5));

describe("classifier-free guidance", () => {
  it("moves away from the negative prompt in log-probabilities", () => {
    // Logits 3 higher all over are the same distribution. c = (0.8, 0.2), u = (0.5, 0.5), scale 2: 2c - u.
    const cond = [Math.log(0.8) + 3, Math.log(0.2) + 3];
    const uncond = [Math.log(0.5) - 1, Math.log(0.5) - 1];
    expect(guided(cond, uncond, 2)).toEqual(
      closeTo([2 * Math.log(0.8) - Math.log(0.5), 2 * Math.log(0.2) - Math.log(0.5)]),
    );
  });

  it("is the negative prompt alone at scale 0", () => {
    expect(guided([5, -Infinity], [0, 0], 0)).toEqual(closeTo([Math.log(0.5), Math.log(0.5)]));
  });

  it("keeps a token impossible that either side rules out", () => {
    const combined = guided([-Infinity, 1, 2, 3], [1, -Infinity, 2, 3], 1.5);
    expect(combined.map((x) => x > -Infinity)).toEqual([false, false, true, true]);
  });

  it("agrees with the formula, and doesn't overflow", () => {
    // Adding 0 turns -0 into 0, which toEqual tells apart.
    const logit = fc.double({ min: -1e38, max: 1e38, noNaN: true }).map((x) => Math.fround(x) + 0);
    const pair = fc.tuple(logit, logit);
    fc.assert(
      fc.property(
        fc.array(pair, { minLength: 1, maxLength: 20 }),
        fc.double({ min: 0, max: 8, noNaN: true }),
        (pairs, scale) => {
          const logSoftmax = (x: readonly number[]): number[] => {
            const max = Math.max(...x);
            const total = max + Math.log(x.reduce((s, v) => s + Math.exp(v - max), 0));
            return x.map((v) => v - total);
          };
          const c = logSoftmax(pairs.map(([x]) => x));
          const u = logSoftmax(pairs.map(([, x]) => x));
          const expected = u.map((x, i) => x + scale * ((c[i] as number) - x));
          expect(
            guided(
              pairs.map(([x]) => x),
              pairs.map(([, x]) => x),
              scale,
            ),
          ).toEqual(expected);
          expect(expected.every(Number.isFinite)).toBe(true);
        },
      ),
    );
  });

  it("refuses rows of different lengths, and NaN in either", () => {
    expect(() => guided([1, 2], [1], 2)).toThrow(/1 unconditional logits for 2/);
    expect(() => guided([1, 2], [1, Number.NaN], 2)).toThrow(/logit of token 1 is NaN/);
    expect(() => guided([Number.NaN, 2], [1, 2], 2)).toThrow(/logit of token 0 is NaN/);
  });
});
