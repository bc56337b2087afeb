import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSampler } from "./samplerChain.ts";
import type { SamplerName } from "./samplerNames.ts";

const fromProbabilities = (...p: number[]): Float32Array => Float32Array.from(p, Math.log);

describe("greedy", () => {
  it("takes the most likely token, of several the lowest id", () => {
    expect(createSampler({ temp: 0 }).sample(Float32Array.of(1, 3, 2, 3))).toBe(1);
    expect(createSampler({ temp: -1 }).sample(Float32Array.of(-Infinity, -3e38, -Infinity))).toBe(1);
  });

  it("agrees with a plain search at every length", () => {
    const logit = fc.oneof(
      fc.integer({ min: -3, max: 3 }),
      fc.constant(-Infinity),
      fc.double({ noNaN: true, min: -3e38, max: 3e38 }),
    );
    fc.assert(
      fc.property(
        fc.array(logit, { minLength: 1, maxLength: 40 }).filter((xs) => xs.some((x) => x > -Infinity)),
        (xs) => {
          const logits = Float32Array.from(xs);
          const expected = logits.indexOf(Math.max(...logits));
          expect(createSampler({ temp: 0 }).sample(logits)).toBe(expected);
          // The general way, through the candidates.
          expect(createSampler({ temp: 0, repeatPenalty: 1.1 }).sample(logits)).toBe(expected);
          expect(createSampler({ topK: 1 }).sample(logits)).toBe(expected);
        },
      ),
    );
  });

  it("follows penalties and bias", () => {
    const sampler = createSampler({ temp: 0, presencePenalty: 2, logitBias: [{ token: 2, bias: 0.5 }] });
    const picked = Array.from({ length: 3 }, () => {
      const token = sampler.sample(Float32Array.of(3, 2.1, 1));
      sampler.accept(token);
      return token;
    });
    expect(picked).toEqual([0, 1, 2]);
  });

  it("takes the most likely of what a typical step before it left", () => {
    const logits = fromProbabilities(0.5, 0.2, 0.2, 0.1);
    expect(createSampler({ temp: 0, typicalP: 0.3 }).sample(logits)).toBe(1);
  });

  it("lets a later top-k not bring back what an earlier one took out", () => {
    // Top-1 before the penalty keeps token 0 whatever the penalty does; after it, token 1 wins.
    const run = (order: SamplerName[]) => {
      const sampler = createSampler({ temp: 0, topK: 1, presencePenalty: 5, order });
      sampler.accept(0);
      return sampler.sample(Float32Array.of(3, 2, 1));
    };
    expect(run(["top_k", "penalties", "temperature"])).toBe(0);
    expect(run(["penalties", "top_k", "temperature"])).toBe(1);
  });
});
