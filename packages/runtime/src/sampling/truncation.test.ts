import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Candidates } from "./candidates.ts";
import { applyMinP } from "./minP.ts";
import { applyTailFree } from "./tailFree.ts";
import { applyTopK } from "./topK.ts";
import { applyTopP } from "./topP.ts";
import { applyTypical } from "./typical.ts";

type Truncate = (c: Candidates, amount: number) => void;

function survivors(logits: Float32Array, truncate: Truncate, amount: number): number[] {
  const c = new Candidates();
  c.load(logits);
  truncate(c, amount);
  return Array.from(c.ids.subarray(0, c.count));
}

const fromProbabilities = (...p: number[]): Float32Array => Float32Array.from(p, Math.log);

/** Logits with what goes wrong in practice: ties, impossible tokens, values near the ends of f32. */
const logitsArb = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.double({ min: -12, max: 12, noNaN: true }) },
      { weight: 3, arbitrary: fc.integer({ min: -2, max: 2 }) },
      { weight: 1, arbitrary: fc.constantFrom(-Infinity, -3.4e38, 3.4e38, 1e30, 0, -0) },
    ),
    { minLength: 1, maxLength: 80 },
  )
  .map((xs) => Float32Array.from(xs))
  .filter((xs) => xs.some((x) => x > -Infinity));

interface Entry {
  readonly id: number;
  readonly logit: number;
  readonly p: number;
}

/** Every token with its probability, most likely first: what the samplers avoid to build. */
function sorted(logits: Float32Array): Entry[] {
  const max = Math.max(...logits);
  const sum = logits.reduce((s, x) => s + Math.exp(x - max), 0);
  return Array.from(logits, (logit, id) => ({ id, logit, p: Math.exp(logit - max) / sum })).sort(
    (a, b) => (a.logit === b.logit ? 0 : b.logit - a.logit) || a.id - b.id,
  );
}

/** Ids of the entries up to and with the first where the running sum of `p` is enough; impossible ones dropped. */
function untilEnough(entries: readonly Entry[], enough: (sum: number) => boolean): number[] {
  let sum = 0;
  const end = entries.findIndex((e) => {
    sum += e.p;
    return enough(sum);
  });
  return entries
    .slice(0, end < 0 ? entries.length : end + 1)
    .filter((e) => e.p > 0)
    .map((e) => e.id);
}

const naive: Record<
  "topK" | "topP" | "minP" | "typical" | "tailFree",
  (x: Float32Array, a: number) => number[]
> = {
  topK: (x, k) =>
    sorted(x)
      .slice(0, k)
      .filter((e) => e.logit > -Infinity)
      .map((e) => e.id),
  topP: (x, p) => untilEnough(sorted(x), (sum) => sum >= p),
  minP: (x, p) => {
    const max = Math.max(...x);
    return sorted(x)
      .filter((e) => e.logit >= max + Math.log(p))
      .map((e) => e.id);
  },
  typical: (x, p) => {
    const byId = sorted(x).sort((a, b) => a.id - b.id);
    const entropy = byId.reduce((h, e) => (e.p > 0 ? h + e.p * -Math.log(e.p) : h), 0);
    const key = (e: Entry) => Math.abs(-Math.log(e.p) - entropy);
    const nearest = byId.filter((e) => e.p > 0).sort((a, b) => key(a) - key(b) || a.id - b.id);
    return untilEnough(nearest, (sum) => sum > p);
  },
  tailFree: (x, z) => {
    const entries = sorted(x);
    const max = Math.max(...x);
    const sum = entries.reduce((s, e) => s + Math.exp(e.logit - max), 0);
    const p = entries.map((e) => Math.exp(e.logit - max) / sum);
    const slope = p.slice(1).map((v, i) => (p[i] as number) - v);
    const bends = slope.slice(1).map((v, i) => Math.abs((slope[i] as number) - v));
    const total = bends.reduce((s, b) => s + b, 0);
    const weights = bends.map((b) => (total > 1e-6 ? b / total : 1 / bends.length));
    let passed = 0;
    const cut = weights.findIndex((w, i) => {
      passed += w;
      return passed > z && i > 0;
    });
    return (cut < 0 ? entries : entries.slice(0, cut).filter((e) => e.logit > -Infinity)).map((e) => e.id);
  },
};

const ascending = (ids: readonly number[]): number[] => [...ids].sort((a, b) => a - b);

/** The first logits and amount on which a sampler and its reference differ, or undefined. */
function counterexample(
  truncate: Truncate,
  reference: (x: Float32Array, a: number) => number[],
  amount: fc.Arbitrary<number>,
): unknown {
  const same = fc.property(logitsArb, amount, (logits, a) => {
    expect(survivors(logits, truncate, a)).toEqual(ascending(reference(logits, a)));
  });
  return fc.check(same, { numRuns: 400 }).counterexample ?? undefined;
}

const fraction = fc.double({ min: 0.001, max: 0.999, noNaN: true });

describe("top-k", () => {
  it("keeps the k most likely, in token order", () => {
    expect(survivors(Float32Array.of(1, 5, 3, 4, 2), applyTopK, 3)).toEqual([1, 2, 3]);
  });

  it("gives a tie for the last place to the lower id", () => {
    expect(survivors(Float32Array.of(1, 2, 3, 2, 2), applyTopK, 3)).toEqual([1, 2, 3]);
  });

  it("keeps all for 0, and for k as large as the vocabulary", () => {
    expect(survivors(Float32Array.of(1, 2, 3), applyTopK, 0)).toEqual([0, 1, 2]);
    expect(survivors(Float32Array.of(1, 2, 3), applyTopK, 3)).toEqual([0, 1, 2]);
  });

  it("keeps fewer where fewer are possible", () => {
    expect(survivors(Float32Array.of(-Infinity, 2, -Infinity, -Infinity), applyTopK, 3)).toEqual([1]);
  });

  it("agrees with sorting everything", () => {
    const k = fc.integer({ min: 1, max: 90 });
    fc.assert(
      fc.property(logitsArb, k, (logits, a) => {
        // A k that covers the vocabulary takes nothing out, not even what is impossible.
        const expected = a >= logits.length ? [...logits.keys()] : ascending(naive.topK(logits, a));
        expect(survivors(logits, applyTopK, a)).toEqual(expected);
      }),
      { numRuns: 400 },
    );
  });

  it("leaves nothing behind when loading meets a bad logit", () => {
    const c = new Candidates();
    expect(() => c.loadBest(Float32Array.of(1, 5, Number.NaN, 3), 1)).toThrow(/token 2 is NaN/);
    c.load(Float32Array.of(1, 2, 3));
    expect(Array.from(c.ids.subarray(0, c.count))).toEqual([0, 1, 2]);
  });

  it("finds the same while loading as after loading", () => {
    fc.assert(
      fc.property(logitsArb, fc.integer({ min: 1, max: 90 }), (logits, k) => {
        const c = new Candidates();
        c.loadBest(logits, k);
        expect(Array.from(c.ids.subarray(0, c.count))).toEqual(survivors(logits, applyTopK, k));
        expect(Array.from(c.logits.subarray(0, c.count))).toEqual(
          Array.from(c.ids.subarray(0, c.count), (id) => logits[id]),
        );
      }),
    );
  });
});

describe("top-p", () => {
  it("stops as soon as the probabilities reach p", () => {
    // Quarters add up exactly, so two of them are enough for a half.
    expect(survivors(Float32Array.of(1, 1, 1, 1), applyTopP, 0.5)).toEqual([0, 1]);
    expect(survivors(fromProbabilities(0.125, 0.5, 0.25, 0.125), applyTopP, 0.7)).toEqual([1, 2]);
    expect(survivors(fromProbabilities(0.125, 0.5, 0.25, 0.125), applyTopP, 0.8)).toEqual([0, 1, 2]);
  });

  it("keeps the most likely token for 0 and all for 1", () => {
    expect(survivors(fromProbabilities(0.3, 0.5, 0.2), applyTopP, 0)).toEqual([1]);
    expect(survivors(fromProbabilities(0.3, 0.5, 0.2), applyTopP, 1)).toEqual([0, 1, 2]);
  });

  it("agrees with sorting everything", () => {
    expect(counterexample(applyTopP, naive.topP, fraction)).toBeUndefined();
  });
});

describe("min-p", () => {
  it("keeps tokens at least p times as likely as the best", () => {
    expect(survivors(fromProbabilities(0.5, 0.3, 0.15, 0.05), applyMinP, 0.29)).toEqual([0, 1, 2]);
    expect(survivors(fromProbabilities(0.5, 0.3, 0.15, 0.05), applyMinP, 0.31)).toEqual([0, 1]);
  });

  it("keeps all that tie for the first place at 1", () => {
    expect(survivors(Float32Array.of(2, 1, 2), applyMinP, 1)).toEqual([0, 2]);
  });

  it("agrees with sorting everything", () => {
    expect(counterexample(applyMinP, naive.minP, fraction)).toBeUndefined();
  });
});

describe("typical", () => {
  it("stops once the probabilities are above p", () => {
    // Two quarters are a half, not more.
    expect(survivors(Float32Array.of(1, 1, 1, 1), applyTypical, 0.5)).toEqual([0, 1, 2]);
  });

  it("prefers an expected surprise to a likely token", () => {
    // Entropy 1.28 nats; surprises 0.69, 1.61, 1.61, 2.30: tokens 1 and 2 are nearest (0.33), then 0 (0.58).
    const logits = fromProbabilities(0.5, 0.2, 0.2, 0.1);
    expect(survivors(logits, applyTypical, 0.15)).toEqual([1]);
    expect(survivors(logits, applyTypical, 0.3)).toEqual([1, 2]);
    expect(survivors(logits, applyTypical, 0.5)).toEqual([0, 1, 2]);
  });

  it("agrees with sorting everything", () => {
    expect(counterexample(applyTypical, naive.typical, fraction)).toBeUndefined();
  });
});

describe("tail-free", () => {
  it("keeps the tokens before the one at which the bends' sum passes z", () => {
    // Slopes 0.1, 0.1, 0.1, 0.1, 0, 0: the only bend is at the fourth token.
    const corner = fromProbabilities(0.4, 0.3, 0.2, 0.1, 1e-12, 1e-12, 1e-12);
    expect(survivors(corner, applyTailFree, 0.5)).toEqual([0, 1, 2]);
    // Slopes 0.25, 0.15, 0.1, 0.05, 0: bends 0.1, 0.05, 0.05, 0.05; their running share is 0.4, 0.6, 0.8, 1.
    const curve = fromProbabilities(0.55, 0.3, 0.15, 0.05, 1e-12, 1e-12);
    expect(survivors(curve, applyTailFree, 0.5)).toEqual([0]);
    expect(survivors(curve, applyTailFree, 0.7)).toEqual([0, 1]);
    expect(survivors(curve, applyTailFree, 0.9)).toEqual([0, 1, 2]);
    expect(survivors(curve.slice().reverse(), applyTailFree, 0.7)).toEqual([4, 5]);
  });

  it("keeps the most likely token even if the first bend alone passes z", () => {
    expect(survivors(fromProbabilities(0.55, 0.3, 0.15, 0.05), applyTailFree, 0.1)).toEqual([0]);
  });

  it("keeps all for 1, and two tokens always", () => {
    expect(survivors(fromProbabilities(0.6, 0.3, 0.1), applyTailFree, 1)).toEqual([0, 1, 2]);
    expect(survivors(fromProbabilities(0.9, 0.1), applyTailFree, 0.1)).toEqual([0, 1]);
  });

  it("agrees with sorting everything", () => {
    expect(counterexample(applyTailFree, naive.tailFree, fraction)).toBeUndefined();
  });
});

describe("every truncation", () => {
  const all: [string, Truncate, number][] = [
    ["top-k", applyTopK, 2],
    ["top-p", applyTopP, 0.9],
    ["min-p", applyMinP, 0.1],
    ["typical", applyTypical, 0.9],
    ["tail-free", applyTailFree, 0.9],
  ];

  it.each(all)("%s says so when no token is possible", (_, truncate, amount) => {
    expect(() => survivors(new Float32Array(4).fill(-Infinity), truncate, amount)).toThrow(
      expect.objectContaining({ code: "sampler/no-candidates" }),
    );
  });

  it.each(all)("%s works on what an earlier one left", (_, truncate, amount) => {
    const c = new Candidates();
    c.load(Float32Array.of(0, 9, 1, 8, 7, 2));
    applyTopK(c, 3);
    truncate(c, amount);
    const left = Array.from(c.ids.subarray(0, c.count));
    expect(left.length).toBeGreaterThan(0);
    expect([1, 3, 4]).toEqual(expect.arrayContaining(left));
    // The next step starts with every token again.
    c.load(Float32Array.of(1, 2, 3, 4, 5, 6, 7));
    expect(Array.from(c.ids.subarray(0, c.count))).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
});
