import { describe, expect, it } from "vitest";
import { Candidates } from "./candidates.ts";
import { drawMirostat1, type MirostatState, zipfCutoff } from "./mirostat1.ts";
import { drawMirostat2 } from "./mirostat2.ts";
import { Random } from "./random.ts";

function loaded(probabilities: readonly number[]): Candidates {
  const c = new Candidates();
  c.load(Float32Array.from(probabilities, Math.log));
  return c;
}

const ids = (c: Candidates): number[] => Array.from(c.ids.subarray(0, c.count));

/** Zipf's law itself: p_i proportional to 1 / (i+1)^exponent. */
const zipf = (vocab: number, exponent: number): number[] =>
  Array.from({ length: vocab }, (_, i) => (i + 1) ** -exponent);

describe("mirostat 1", () => {
  it("keeps as many tokens as Zipf's law says", () => {
    // Exponent 2, 4 tokens, mu 2 bits: sqrt(1·4 / (1 - 1/4)) = 2.3.
    const c = loaded(zipf(4, 2));
    const state: MirostatState = { mu: 2, tau: 1, eta: 0.1 };
    const position = drawMirostat1(c, state, Random.fromSeed(1));
    expect(ids(c)).toEqual([0, 1]);
    // Probabilities 0.8 and 0.2.
    const surprise = -Math.log2(position === 0 ? 0.8 : 0.2);
    expect(state.mu).toBeCloseTo(2 - 0.1 * (surprise - 1), 6);
  });

  it("knows the limits of its formula", () => {
    expect(zipfCutoff(2, 2, 4)).toBeCloseTo(Math.sqrt(4 / 0.75), 12);
    // Exponent 1: 2^mu / ln N, which exponents around it approach.
    expect(zipfCutoff(1, 3, 1000)).toBeCloseTo(8 / Math.log(1000), 12);
    expect(zipfCutoff(1 + 1e-9, 3, 1000)).toBeCloseTo(8 / Math.log(1000), 6);
    // A flat curve: 2^mu equal tokens have a surprise of mu each.
    expect(zipfCutoff(0, 3, 1000)).toBe(8);
  });

  it("works on flat logits, on one possible token, and on one token", () => {
    const flat = loaded(Array.from({ length: 64 }, () => 1 / 64));
    drawMirostat1(flat, { mu: 3, tau: 1, eta: 0.1 }, Random.fromSeed(1));
    expect(ids(flat)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    const one = loaded([0, 0, 1, 0]);
    expect(drawMirostat1(one, { mu: 5, tau: 1, eta: 0.1 }, Random.fromSeed(1))).toBe(ids(one).indexOf(2));
    const state: MirostatState = { mu: 2, tau: 1, eta: 0.5 };
    expect(drawMirostat1(loaded([1]), state, Random.fromSeed(1))).toBe(0);
    expect(state.mu).toBe(2.5);
  });
});

describe("mirostat 2", () => {
  it("takes out what is more surprising than mu, and moves mu by the rest's surprise", () => {
    const c = loaded([0.125, 0.5, 0.125, 0.25]);
    const state: MirostatState = { mu: 2.5, tau: 1, eta: 0.1 };
    const position = drawMirostat2(c, state, Random.fromSeed(1));
    expect(ids(c)).toEqual([1, 3]);
    const surprise = -Math.log2(position === 0 ? 2 / 3 : 1 / 3);
    expect(state.mu).toBeCloseTo(2.5 - 0.1 * (surprise - 1), 6);
  });

  it("keeps the most likely token when all are too surprising", () => {
    const c = loaded([0.3, 0.4, 0.3]);
    expect(drawMirostat2(c, { mu: -3, tau: 1, eta: 0.1 }, Random.fromSeed(1))).toBe(0);
    expect(ids(c)).toEqual([1]);
  });
});

describe.each([
  ["mirostat 1", drawMirostat1],
  ["mirostat 2", drawMirostat2],
] as const)("%s", (_, draw) => {
  it("brings the average surprise to its target", () => {
    const random = Random.fromSeed(11);
    const state: MirostatState = { mu: 6, tau: 3, eta: 0.1 };
    const c = new Candidates();
    const logits = Float32Array.from(zipf(500, 1.1), Math.log);
    let total = 0;
    const steps = 2000;
    for (let i = 0; i < steps; i++) {
      c.load(logits);
      const position = draw(c, state, random);
      total -= Math.log2(c.probs[position] as number);
    }
    expect(total / steps).toBeCloseTo(3, 1);
  });

  it("says so when no token is possible", () => {
    const state: MirostatState = { mu: 6, tau: 3, eta: 0.1 };
    expect(() => draw(loaded([0, 0, 0]), state, Random.fromSeed(1))).toThrow(
      expect.objectContaining({ code: "sampler/no-candidates" }),
    );
  });
});
