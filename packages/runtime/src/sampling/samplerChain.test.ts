import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createSampler } from "./samplerChain.ts";
import type { SamplerOptions } from "./samplerOptions.ts";

const fromProbabilities = (...p: number[]): Float32Array => Float32Array.from(p, Math.log);

/** Reproducible logits that look like a model's: a few likely tokens, a long tail. */
function modelLike(vocab: number, step: number): Float32Array {
  return Float32Array.from({ length: vocab }, (_, i) => 6 * Math.sin(i * 12.9898 + step * 78.233) ** 5);
}

function generate(options: SamplerOptions, steps: number, vocab = 300): number[] {
  const sampler = createSampler(options);
  return Array.from({ length: steps }, (_, i) => {
    const token = sampler.sample(modelLike(vocab, i));
    sampler.accept(token);
    return token;
  });
}

const candidateIds = (
  options: SamplerOptions,
  logits: Float32Array,
  accepted: readonly number[] = [],
): number[] => {
  const sampler = createSampler({ seed: 1, ...options });
  for (const token of accepted) sampler.accept(token);
  sampler.sample(logits);
  return sampler.topCandidates(100).map((c) => c.token);
};

describe("the description", () => {
  it("lists every step in order and how the token is picked", () => {
    expect(createSampler().describe()).toBe(
      "cfg -> logit_bias -> penalties -> top_k -> tfs_z -> typical_p -> top_p -> min_p -> temperature -> draw",
    );
    expect(createSampler({ temp: 0 }).describe()).toBe(
      "cfg -> logit_bias -> penalties -> top_k -> tfs_z -> typical_p -> top_p -> min_p -> greedy",
    );
    expect(createSampler({ mirostat: 1 }).describe()).toBe(
      "cfg -> logit_bias -> penalties -> temperature -> mirostat",
    );
    expect(createSampler({ mirostat: 2, order: ["penalties"] }).describe()).toBe("penalties -> mirostat_v2");
    expect(createSampler({ order: ["temperature", "top_k"] }).describe()).toBe(
      "temperature -> top_k -> draw",
    );
  });
});

describe("options", () => {
  it("default to llama.cpp's", () => {
    expect(createSampler({ seed: 5 }).options).toEqual({
      temp: 0.8,
      topK: 40,
      topP: 0.95,
      minP: 0.05,
      typicalP: 1,
      tfsZ: 1,
      repeatPenalty: 1,
      repeatLastN: 64,
      frequencyPenalty: 0,
      presencePenalty: 0,
      mirostat: 0,
      mirostatTau: 5,
      mirostatEta: 0.1,
      seed: 5,
      logitBias: [],
      cfgScale: 1,
      order: [
        "cfg",
        "logit_bias",
        "penalties",
        "top_k",
        "tfs_z",
        "typical_p",
        "top_p",
        "min_p",
        "temperature",
      ],
    });
  });

  it("of steps that are not in the order are neutral", () => {
    const { options } = createSampler({ order: ["top_k"] });
    expect([options.topK, options.topP, options.minP, options.temp]).toEqual([40, 1, 0, 1]);
  });

  it("leave the seed to chance, which the chain then tells", () => {
    const first = createSampler();
    const again = createSampler({ seed: first.seed });
    const logits = fromProbabilities(0.25, 0.25, 0.25, 0.25);
    const draw = (s: typeof first) => Array.from({ length: 20 }, () => s.sample(logits));
    expect(draw(first)).toEqual(draw(again));
    expect(createSampler({ seed: -1 }).seed).not.toBe(createSampler({ seed: -1 }).seed);
  });
});

describe("order", () => {
  it("decides whether top-p sees the flattened distribution", () => {
    const logits = fromProbabilities(0.6, 0.3, 0.1);
    const options = { temp: 2, topP: 0.55 };
    expect(candidateIds({ ...options, order: ["top_p", "temperature"] }, logits)).toEqual([0]);
    expect(candidateIds({ ...options, order: ["temperature", "top_p"] }, logits)).toEqual([0, 1]);
  });

  it("decides whether a penalty can bring in what top-k would take out", () => {
    const logits = Float32Array.of(5, 4, 3);
    const options = { topK: 2, repeatPenalty: 5 };
    expect(candidateIds({ ...options, order: ["penalties", "top_k"] }, logits, [0])).toEqual([1, 2]);
    expect(candidateIds({ ...options, order: ["top_k", "penalties"] }, logits, [0])).toEqual([1, 0]);
  });
});

describe("sampling", () => {
  const everything: SamplerOptions = {
    topK: 20,
    tfsZ: 0.98,
    typicalP: 0.97,
    topP: 0.9,
    minP: 0.01,
    temp: 1.3,
    repeatPenalty: 1.2,
    frequencyPenalty: 0.1,
    presencePenalty: 0.1,
    logitBias: [{ token: 3, bias: 2 }],
  };

  it("gives the same tokens for the same seed, on every machine", () => {
    expect(generate({ seed: 42 }, 8)).toMatchInlineSnapshot(`
      [
        122,
        12,
        184,
        206,
        244,
        222,
        245,
        46,
      ]
    `);
    expect(generate({ ...everything, seed: 42 }, 8)).toMatchInlineSnapshot(`
      [
        93,
        12,
        198,
        206,
        244,
        252,
        260,
        46,
      ]
    `);
    expect(generate({ mirostat: 1, seed: 42 }, 8)).toMatchInlineSnapshot(`
      [
        122,
        11,
        197,
        206,
        244,
        223,
        245,
        46,
      ]
    `);
    expect(generate({ mirostat: 2, seed: 42 }, 8)).toMatchInlineSnapshot(`
      [
        122,
        11,
        197,
        206,
        244,
        223,
        245,
        46,
      ]
    `);
    expect(generate({ seed: 43 }, 8)).not.toEqual(generate({ seed: 42 }, 8));
  });

  it("draws by probability", () => {
    const p = [0.5, 0.3, 0.15, 0.05];
    const logits = fromProbabilities(...p);
    const sampler = createSampler({ seed: 42, order: [] });
    const seen = [0, 0, 0, 0];
    const draws = 20_000;
    for (let i = 0; i < draws; i++) {
      const token = sampler.sample(logits);
      seen[token] = (seen[token] as number) + 1;
    }
    const chiSquare = p.reduce((sum, q, i) => sum + ((seen[i] as number) - q * draws) ** 2 / (q * draws), 0);
    // 99.9 % quantile with 3 degrees of freedom.
    expect(chiSquare).toBeLessThan(16.27);
  });

  it("never draws an impossible token, and leaves the caller's logits alone", () => {
    const options = fc.constantFrom<SamplerOptions>(
      {},
      everything,
      { order: [] },
      { topK: 0 },
      { mirostat: 1 },
      { mirostat: 2 },
      { temp: 0, repeatPenalty: 2 },
    );
    const logit = fc.oneof(
      fc.integer({ min: -2, max: 2 }),
      fc.constantFrom(-Infinity, 3.4e38, -3.4e38),
      fc.double({ min: -20, max: 20, noNaN: true }),
    );
    const logits = fc
      .array(logit, { minLength: 4, maxLength: 50 })
      .map((xs) => Float32Array.from(xs))
      .filter((xs) => xs.some((x) => x > -Infinity));
    fc.assert(
      fc.property(
        options,
        fc.integer({ min: 0 }),
        fc.array(logits, { minLength: 1, maxLength: 4 }),
        (o, seed, rows) => {
          const sampler = createSampler({ ...o, seed });
          for (const row of rows) {
            const before = row.slice();
            const token = sampler.sample(row);
            expect(row[token]).toBeGreaterThan(-Infinity);
            expect(row).toEqual(before);
            const shown = sampler.topCandidates(100);
            expect(shown.map((c) => c.token)).toContain(token);
            expect(shown.reduce((sum, c) => sum + c.probability, 0)).toBeCloseTo(1, 9);
            sampler.accept(Math.min(token, 3));
          }
        },
      ),
      { numRuns: 300 },
    );
  });

  it("bans a token with a bias of -Infinity", () => {
    const sampler = createSampler({
      seed: 1,
      order: ["logit_bias"],
      logitBias: [{ token: 0, bias: -Infinity }],
    });
    for (let i = 0; i < 50; i++) expect(sampler.sample(fromProbabilities(0.99, 0.01))).toBe(1);
  });

  it("steers away from the negative prompt", () => {
    const cond = fromProbabilities(0.5, 0.4, 0.1);
    const uncond = fromProbabilities(0.9, 0.05, 0.05);
    expect(createSampler({ temp: 0 }).sample(cond)).toBe(0);
    expect(createSampler({ temp: 0, cfgScale: 2 }).sample(cond, { uncond })).toBe(1);
  });

  it("serves vocabularies of different sizes in turn", () => {
    const sampler = createSampler({ temp: 0, repeatPenalty: 1.5 });
    expect(sampler.sample(Float32Array.of(1, 2, 3))).toBe(2);
    expect(sampler.sample(modelLike(1000, 0))).toBe(createSampler({ temp: 0 }).sample(modelLike(1000, 0)));
    expect(sampler.sample(Float32Array.of(3, 2))).toBe(0);
  });
});
