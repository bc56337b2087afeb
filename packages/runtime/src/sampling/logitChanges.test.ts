import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Candidates } from "./candidates.ts";
import { applyLogitBias } from "./logitBias.ts";
import { applyPenalties, type Penalties } from "./penalties.ts";
import { applyTemperature } from "./temperature.ts";
import { TokenWindow } from "./tokenWindow.ts";
import { applyTopK } from "./topK.ts";

function loaded(...logits: number[]): Candidates {
  const c = new Candidates();
  c.load(Float32Array.from(logits));
  return c;
}

const logitsOf = (c: Candidates): number[] => Array.from(c.logits.subarray(0, c.count));

function windowOf(size: number, ...tokens: number[]): TokenWindow {
  const window = new TokenWindow(size);
  for (const token of tokens) window.push(token);
  return window;
}

describe("penalties", () => {
  const penalised = (logits: number[], window: TokenWindow, penalties: Partial<Penalties>): number[] => {
    const c = loaded(...logits);
    applyPenalties(c, window, { repeat: 1, frequency: 0, presence: 0, ...penalties });
    return logitsOf(c);
  };

  it("repeat divides positive logits and multiplies the others", () => {
    expect(penalised([3, -3, 0, 3], windowOf(8, 0, 1, 2), { repeat: 1.5 })).toEqual([2, -4.5, 0, 3]);
  });

  it("repeat counts a token once, frequency each time, presence once", () => {
    const window = windowOf(8, 1, 1, 1, 2);
    expect(penalised([4, 4, 4], window, { repeat: 2 })).toEqual([4, 2, 2]);
    expect(penalised([4, 4, 4], window, { frequency: 0.5 })).toEqual([4, 2.5, 3.5]);
    expect(penalised([4, 4, 4], window, { presence: 0.5 })).toEqual([4, 3.5, 3.5]);
    expect(penalised([4, 4, 4], window, { repeat: 2, frequency: 0.5, presence: 0.25 })).toEqual([
      4, 0.25, 1.25,
    ]);
  });

  it("leave an impossible token impossible", () => {
    expect(penalised([-Infinity, 1], windowOf(4, 0), { repeat: 2, presence: -9 })).toEqual([-Infinity, 1]);
  });

  it("find their token among what a truncation left", () => {
    const c = loaded(1, 8, 2, 6);
    applyTopK(c, 2);
    applyPenalties(c, windowOf(4, 0, 3), { repeat: 2, frequency: 0, presence: 0 });
    expect(logitsOf(c)).toEqual([8, 3]);
  });

  it("refuse a token that the vocabulary doesn't have", () => {
    expect(() => penalised([1, 2], windowOf(4, 2), { repeat: 2 })).toThrow(/token 2 .* vocabulary has 2/);
  });
});

describe("TokenWindow", () => {
  const counts = (window: TokenWindow): Record<number, number> => {
    const seen: Record<number, number> = {};
    window.forEach((count, token) => {
      seen[token] = count;
    });
    return seen;
  };

  it("counts the last tokens only", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1, max: 6 }),
        fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 30 }),
        (size, tokens) => {
          const expected: Record<number, number> = {};
          for (const t of size < 0 ? tokens : tokens.slice(tokens.length - Math.min(size, tokens.length))) {
            expected[t] = (expected[t] ?? 0) + 1;
          }
          expect(counts(windowOf(size, ...tokens))).toEqual(expected);
        },
      ),
    );
  });

  it("is independent of its clone", () => {
    const window = windowOf(2, 0, 1, 2);
    const copy = window.clone();
    copy.push(3);
    expect(counts(window)).toEqual({ 1: 1, 2: 1 });
    expect(counts(copy)).toEqual({ 2: 1, 3: 1 });
    window.push(4);
    expect(counts(window)).toEqual({ 2: 1, 4: 1 });
    expect(counts(copy)).toEqual({ 2: 1, 3: 1 });
    window.clear();
    expect(counts(window)).toEqual({});
  });
});

describe("logit bias", () => {
  it("adds to its tokens, and bans with -Infinity", () => {
    const c = loaded(1, 2, 3);
    applyLogitBias(c, [
      { token: 0, bias: 2.5 },
      { token: 2, bias: -Infinity },
    ]);
    expect(logitsOf(c)).toEqual([3.5, 2, -Infinity]);
  });

  it("passes over a token that an earlier step took out", () => {
    const c = loaded(1, 2, 3);
    applyTopK(c, 1);
    applyLogitBias(c, [
      { token: 0, bias: 9 },
      { token: 2, bias: 1 },
    ]);
    expect(logitsOf(c)).toEqual([4]);
  });

  it("refuses a token that the vocabulary doesn't have", () => {
    expect(() => applyLogitBias(loaded(1, 2), [{ token: 2, bias: 1 }])).toThrow(
      expect.objectContaining({ code: "sampler/bad-token" }),
    );
  });
});

describe("temperature", () => {
  it("divides every logit", () => {
    const c = loaded(1, -2, 3, -Infinity);
    applyTemperature(c, 0.5);
    expect(logitsOf(c)).toEqual([2, -4, 6, -Infinity]);
  });

  it("keeps the probabilities' order, and the largest values in range", () => {
    const c = loaded(3.4e38, -3.4e38, 1);
    applyTemperature(c, 1e-38);
    expect(Array.from(c.softmax().subarray(0, 3))).toEqual([1, 0, 0]);
  });
});
