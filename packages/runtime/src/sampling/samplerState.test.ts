import { describe, expect, it } from "vitest";
import { createSampler } from "./samplerChain.ts";
import type { SamplerOptions } from "./samplerOptions.ts";

const fromProbabilities = (...p: number[]): Float32Array => Float32Array.from(p, Math.log);

/** Reproducible logits that look like a model's: a few likely tokens, a long tail. */
function modelLike(vocab: number, step: number): Float32Array {
  return Float32Array.from({ length: vocab }, (_, i) => 6 * Math.sin(i * 12.9898 + step * 78.233) ** 5);
}

describe("what a sampler is given", () => {
  it.each<[string, SamplerOptions]>([
    ["greedy", { temp: 0 }],
    ["greedy after penalties", { temp: 0, repeatPenalty: 2 }],
    ["the default chain", {}],
    ["no truncation", { order: [] }],
    ["mirostat", { mirostat: 2 }],
  ])("%s names a bad logit, and goes on afterwards", (_, options) => {
    for (const bad of [Number.NaN, Infinity]) {
      for (const at of [0, 60, 99]) {
        const sampler = createSampler({ ...options, seed: 9 });
        const logits = modelLike(100, 1);
        logits[at] = bad;
        expect(() => sampler.sample(logits)).toThrow(
          expect.objectContaining({
            code: "sampler/bad-logits",
            message: `the logit of token ${at} is ${bad}`,
          }),
        );
        expect(sampler.sample(modelLike(100, 1))).toBe(
          createSampler({ ...options, seed: 9 }).sample(modelLike(100, 1)),
        );
      }
    }
  });

  it("refuses no logits, impossible ones, and a wrong pair for guidance", () => {
    const error = (options: SamplerOptions, logits: Float32Array, uncond?: Float32Array) => {
      try {
        return `token ${createSampler(options).sample(logits, { uncond })}`;
      } catch (e) {
        return (e as { code?: string }).code;
      }
    };
    const two = Float32Array.of(1, 2);
    expect(error({}, new Float32Array(0))).toBe("sampler/bad-logits");
    expect(error({}, new Float32Array(3).fill(-Infinity))).toBe("sampler/no-candidates");
    expect(error({ temp: 0 }, new Float32Array(3).fill(-Infinity))).toBe("sampler/no-candidates");
    expect(error({ cfgScale: 2 }, two)).toBe("sampler/guidance-inputs");
    expect(error({}, two, two)).toBe("sampler/guidance-inputs");
    expect(error({ temp: 0, cfgScale: 2 }, two, two)).toBe("token 1");
  });
});

describe("state", () => {
  const run = (sampler: ReturnType<typeof createSampler>, from: number, steps: number): number[] =>
    Array.from({ length: steps }, (_, i) => {
      const token = sampler.sample(modelLike(300, from + i));
      sampler.accept(token);
      return token;
    });

  it.each<[string, SamplerOptions]>([
    ["penalties", { seed: 4, temp: 1.5, repeatPenalty: 1.3 }],
    ["mirostat", { seed: 4, mirostat: 2, mirostatTau: 3 }],
  ])("a clone goes on as the original would, and alone, with %s", (_name, options) => {
    const original = createSampler(options);
    run(original, 0, 10);
    const clone = original.clone();
    const expected = run(original, 10, 15);
    expect(run(clone, 10, 15)).toEqual(expected);
    // Steps taken in turn don't mix the two states up.
    const other = createSampler(options);
    run(other, 0, 10);
    const fork = other.clone();
    const mixed = Array.from({ length: 15 }, (_item, i) => [
      run(other, 10 + i, 1)[0],
      run(fork, 10 + i, 1)[0],
    ]);
    expect(mixed).toEqual(expected.map((token) => [token, token]));
  });

  it("a clone with a seed keeps the window and draws otherwise", () => {
    const sampler = createSampler({ seed: 4, temp: 2 });
    run(sampler, 0, 5);
    const clone = sampler.clone({ seed: 5 });
    expect(clone.seed).toBe(5);
    expect(run(clone, 5, 20)).not.toEqual(run(sampler, 5, 20));
    expect(() => sampler.clone({ seed: -2 })).toThrow(/--seed/);
  });

  it("reset goes back to the first token", () => {
    const sampler = createSampler({ seed: 4, mirostat: 2, repeatPenalty: 1.3 });
    const first = run(sampler, 0, 12);
    sampler.reset();
    expect(run(sampler, 0, 12)).toEqual(first);
  });

  it("refuses what is no token id", () => {
    for (const token of [-1, 1.5, Number.NaN, 2 ** 31]) {
      expect(() => createSampler().accept(token)).toThrow(
        expect.objectContaining({ code: "sampler/bad-token" }),
      );
    }
  });
});

describe("topCandidates", () => {
  it("shows what the token was drawn from, likeliest first", () => {
    const sampler = createSampler({ seed: 1, order: ["top_k"], topK: 2 });
    sampler.sample(fromProbabilities(0.1, 0.6, 0.3));
    const shown = sampler.topCandidates(5);
    expect(shown.map((c) => c.token)).toEqual([1, 2]);
    expect(shown[0]?.probability).toBeCloseTo(2 / 3, 6);
    expect(sampler.topCandidates(1)).toEqual(shown.slice(0, 1));
  });

  it("shows the one token of greedy", () => {
    const sampler = createSampler({ temp: 0 });
    sampler.sample(Float32Array.of(1, 4, 2));
    expect(sampler.topCandidates(3)).toEqual([{ token: 1, logit: 4, probability: 1 }]);
  });

  it("doesn't show another chain's candidates", () => {
    const sampler = createSampler({ seed: 1 });
    expect(() => sampler.topCandidates(1)).toThrow(/no candidates to show/);
    sampler.sample(Float32Array.of(1, 2));
    sampler.clone().sample(Float32Array.of(1, 2));
    expect(() => sampler.topCandidates(1)).toThrow(/no candidates to show/);
  });
});
