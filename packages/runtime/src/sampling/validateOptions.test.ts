import { TensorplanError } from "@tensorplan/ir";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseLogitBias, parseSamplerOrder } from "./parseSamplerFlags.ts";
import { createSampler } from "./samplerChain.ts";
import { samplerNames } from "./samplerNames.ts";
import { type SamplerOption, type SamplerOptions, samplerFlags } from "./samplerOptions.ts";
import { validateSamplerOptions } from "./validateOptions.ts";

/** What a caller without types may send. */
const untyped = (options: object): SamplerOptions => options;

const problems = (options: object): string[] =>
  validateSamplerOptions(untyped(options)).map((e) => [e.code, e.details.flag].join(" ").trim());

describe("validateSamplerOptions", () => {
  it.each<[string, object]>([
    ["nothing", {}],
    ["undefined as not given", { temp: undefined, order: undefined, logitBias: undefined }],
    ["neutral values of steps out of play", { mirostat: 2, topK: 0, topP: 1, minP: 0, typicalP: 1, tfsZ: 1 }],
    [
      "greedy with top-k, top-p, min-p and a seed, which it follows",
      { temp: 0, topK: 40, topP: 0.9, minP: 0.1, seed: 1 },
    ],
    ["a negative temperature", { temp: -1 }],
    ["no steps at all", { order: [] }],
    ["penalties over all tokens", { repeatPenalty: 1.1, repeatLastN: -1 }],
    ["a window of nothing without penalties", { repeatLastN: 0, repeatPenalty: 1 }],
    ["a ban", { logitBias: [{ token: 0, bias: -Infinity }] }],
  ])("allows %s", (_, options) => {
    expect(problems(options)).toEqual([]);
  });

  it.each<[object, string]>([
    [{ temp: Number.NaN }, "sampler/bad-option --temp"],
    [{ temp: 1e-40 }, "sampler/bad-option --temp"],
    [{ temp: "0.8" }, "sampler/bad-option --temp"],
    [{ temp: null }, "sampler/bad-option --temp"],
    [{ topK: -1 }, "sampler/bad-option --top-k"],
    [{ topK: 1.5 }, "sampler/bad-option --top-k"],
    [{ topP: 1.1 }, "sampler/bad-option --top-p"],
    [{ topP: Number.NaN }, "sampler/bad-option --top-p"],
    [{ minP: -0.1 }, "sampler/bad-option --min-p"],
    [{ typicalP: 2 }, "sampler/bad-option --typical"],
    [{ tfsZ: Infinity }, "sampler/bad-option --tfs"],
    [{ repeatPenalty: 0 }, "sampler/bad-option --repeat-penalty"],
    [{ repeatLastN: -2 }, "sampler/bad-option --repeat-last-n"],
    [{ frequencyPenalty: Infinity }, "sampler/bad-option --frequency-penalty"],
    [{ presencePenalty: Number.NaN }, "sampler/bad-option --presence-penalty"],
    [{ mirostat: 3 }, "sampler/bad-option --mirostat"],
    [{ mirostat: 2, mirostatTau: 0 }, "sampler/bad-option --mirostat-ent"],
    [{ mirostat: 2, mirostatEta: -1 }, "sampler/bad-option --mirostat-lr"],
    [{ seed: 2 ** 53 }, "sampler/bad-option --seed"],
    [{ seed: 0.5 }, "sampler/bad-option --seed"],
    [{ cfgScale: -1 }, "sampler/bad-option --cfg-scale"],
    [{ logitBias: { 5: 1 } }, "sampler/bad-option --logit-bias"],
    [{ logitBias: [null] }, "sampler/bad-option --logit-bias"],
    [{ logitBias: [{ token: -1, bias: 1 }] }, "sampler/bad-option --logit-bias"],
    [{ logitBias: [{ token: 1, bias: Number.NaN }] }, "sampler/bad-option --logit-bias"],
    [{ logitBias: [{ token: 1, bias: Infinity }] }, "sampler/bad-option --logit-bias"],
    [
      {
        logitBias: [
          { token: 1, bias: 1 },
          { token: 1, bias: 2 },
        ],
      },
      "sampler/bad-option --logit-bias",
    ],
    [{ order: "top_k" }, "sampler/bad-order --samplers"],
    [{ order: ["top_q"] }, "sampler/bad-order --samplers"],
    [{ order: ["top_k", "top_k"] }, "sampler/bad-order --samplers"],
    [{ order: ["top_k", "cfg"] }, "sampler/bad-order --samplers"],
    [{ mirostat: 2, topP: 0.9 }, "sampler/contradiction --top-p"],
    [{ mirostat: 1, topK: 40 }, "sampler/contradiction --top-k"],
    [{ mirostat: 2, order: ["top_k", "temperature"] }, "sampler/contradiction --samplers"],
    [{ mirostat: 2, temp: 0 }, "sampler/contradiction --temp"],
    [{ repeatPenalty: 1.1, repeatLastN: 0 }, "sampler/contradiction --repeat-last-n"],
    [{ repeatLastN: 32 }, "sampler/no-effect --repeat-last-n"],
    [{ mirostatTau: 4 }, "sampler/no-effect --mirostat-ent"],
    [{ mirostat: 0, mirostatEta: 0.2 }, "sampler/no-effect --mirostat-lr"],
    [{ order: ["top_k"], topP: 0.9 }, "sampler/no-effect --top-p"],
    [{ order: ["top_k"], temp: 0 }, "sampler/no-effect --temp"],
    [{ order: ["top_k"], cfgScale: 2 }, "sampler/no-effect --cfg-scale"],
    [{ order: ["top_k"], logitBias: [{ token: 1, bias: 1 }] }, "sampler/no-effect --logit-bias"],
    [
      { order: ["temperature", "penalties"], temp: 0, repeatPenalty: 2 },
      "sampler/no-effect --repeat-penalty",
    ],
    [
      { order: ["temperature", "logit_bias"], temp: 0, logitBias: [{ token: 1, bias: 1 }] },
      "sampler/no-effect --logit-bias",
    ],
    [{ topq: 1 }, "sampler/unknown-option"],
  ])("refuses %o: %s", (options, expected) => {
    expect(problems(options)).toEqual([expected]);
    expect(() => createSampler(untyped(options))).toThrow(TensorplanError);
  });

  it("finds every problem, and says what to do about each", () => {
    const errors = validateSamplerOptions({ topK: -1, topP: 2 });
    expect(errors.map((e) => e.format())).toMatchInlineSnapshot(`
      [
        "error[sampler/bad-option]: --top-k: -1 is not allowed
        option  topK
        flag  --top-k
        hint  give a whole number, 0 or more (0 keeps all)",
        "error[sampler/bad-option]: --top-p: 2 is not allowed
        option  topP
        flag  --top-p
        hint  give 0 … 1 (1 keeps all)",
      ]
    `);
    expect(() => createSampler({ topK: -1, topP: 2 })).toThrow(/--top-k: .*; --top-p: /);
  });

  it("never lets through options that sampling then breaks on", () => {
    const values: fc.Arbitrary<unknown> = fc.oneof(
      fc.double(),
      fc.integer({ min: -2, max: 3 }),
      fc.constantFrom(0, 1, 0.5, undefined, null, "x", 3.4e38, 1e-38),
    );
    const numeric = (Object.keys(samplerFlags) as SamplerOption[]).filter(
      (n) => n !== "order" && n !== "logitBias",
    );
    const order = fc.shuffledSubarray([...samplerNames]);
    const options = fc.record(
      { ...Object.fromEntries(numeric.map((name) => [name, values])), order },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(options, (o) => {
        if (validateSamplerOptions(untyped(o)).length > 0) return;
        const sampler = createSampler(untyped(o));
        const uncond = sampler.guided ? Float32Array.of(3, 1, 2, 0, -3e38) : undefined;
        for (let i = 0; i < 3; i++) {
          const token = sampler.sample(Float32Array.of(1, 2, 3, 3e38, -Infinity), { uncond });
          expect(token).toBeLessThan(4);
          sampler.accept(token);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe("parseSamplerOrder", () => {
  it("reads the forms that people type", () => {
    expect(parseSamplerOrder("top_k;tfs_z;temperature")).toEqual(["top_k", "tfs_z", "temperature"]);
    expect(parseSamplerOrder("top-k, Min-P, temp")).toEqual(["top_k", "min_p", "temperature"]);
    expect(parseSamplerOrder("")).toEqual([]);
  });

  it("reads what describe wrote, but for the pick at its end", () => {
    const line = createSampler().describe().replace(" -> draw", "");
    expect(parseSamplerOrder(line)).toEqual([...samplerNames]);
  });

  it("refuses an unknown name", () => {
    expect(() => parseSamplerOrder("top_k;best_of")).toThrow(/--samplers: there is no sampler "best_of"/);
    expect(() => parseSamplerOrder("constructor")).toThrow(/no sampler "constructor"/);
  });
});

describe("parseLogitBias", () => {
  it.each([
    ["42+1.5", 42, 1.5],
    ["42-2", 42, -2],
    ["0+.5", 0, 0.5],
    ["7-1e2", 7, -100],
    ["42-inf", 42, -Infinity],
  ])("reads %s", (text, token, bias) => {
    expect(parseLogitBias(text)).toEqual({ token, bias });
  });

  it.each(["42", "+1", "42+", "42+inf", "42+x", "4.2+1", "-1+2", "42+1+1"])("refuses %s", (text) => {
    expect(() => parseLogitBias(text)).toThrow(expect.objectContaining({ code: "sampler/bad-option" }));
  });
});
