import { match } from "ts-pattern";
import { Candidates } from "./candidates.ts";
import { drawPosition } from "./draw.ts";
import { mostLikely } from "./greedy.ts";
import { applyGuidance } from "./guidance.ts";
import { drawMirostat1, type MirostatState } from "./mirostat1.ts";
import { drawMirostat2 } from "./mirostat2.ts";
import { Random } from "./random.ts";
import { resolveSamplerOptions } from "./resolveOptions.ts";
import { optionError, samplingError } from "./samplerError.ts";
import type { ResolvedSamplerOptions, SamplerOptions } from "./samplerOptions.ts";
import { type SamplerStep, samplerSteps } from "./samplerSteps.ts";
import { TokenWindow } from "./tokenWindow.ts";

export interface SampleInputs {
  /** f32[vocab], the logits after the negative prompt; with `cfgScale` other than 1, and only then. */
  readonly uncond?: Float32Array | undefined;
}

/** A token that could have been picked, as the chain saw it. */
export interface Candidate {
  readonly token: number;
  /** After all steps. */
  readonly logit: number;
  /** The one it was drawn with. */
  readonly probability: number;
}

/**
 * A chain of samplers with the state of one sequence: recent tokens, random numbers, mirostat's `mu`.
 *
 * For each token: `sample(logits)`, then `accept(token)`. The prompt's tokens are accepted too if penalties
 * should see them. Forks of a sequence take `clone()`; clones share scratch memory, not state.
 */
export class SamplerChain {
  readonly options: ResolvedSamplerOptions;
  readonly #steps: readonly SamplerStep[];
  readonly #scratch: { readonly candidates: Candidates; owner: SamplerChain | undefined };
  readonly #window: TokenWindow;
  readonly #mirostat: MirostatState;
  #random: Random;

  private constructor(
    options: ResolvedSamplerOptions,
    scratch: { readonly candidates: Candidates; owner: SamplerChain | undefined },
    window: TokenWindow,
    mu: number,
    random: Random,
  ) {
    this.options = options;
    this.#steps = samplerSteps(options);
    this.#scratch = scratch;
    this.#window = window;
    this.#mirostat = { mu, tau: options.mirostatTau, eta: options.mirostatEta };
    this.#random = random;
  }

  /** @throws TensorplanError naming each option that is wrong, useless or contradicted */
  static create(options: SamplerOptions = {}): SamplerChain {
    const resolved = resolveSamplerOptions(options);
    return new SamplerChain(
      resolved,
      { candidates: new Candidates(), owner: undefined },
      new TokenWindow(resolved.repeatLastN),
      2 * resolved.mirostatTau,
      Random.fromSeed(resolved.seed),
    );
  }

  /** The seed in use, chosen or given: with it, the same logits give the same tokens again. */
  get seed(): number {
    return this.options.seed;
  }

  /** Whether `sample` needs `uncond`. */
  get guided(): boolean {
    return this.options.cfgScale !== 1;
  }

  /** All steps in their order, neutral ones included, and how the token is picked in the end, in one line. */
  describe(): string {
    const { order, temp, mirostat } = this.options;
    const steps = order.map((name) => (name === "temperature" && temp <= 0 ? "greedy" : name));
    const pick = match(mirostat)
      .with(0, () => (temp <= 0 ? [] : ["draw"]))
      .with(1, () => ["mirostat"])
      .with(2, () => ["mirostat_v2"])
      .exhaustive();
    return [...steps, ...pick].join(" -> ");
  }

  /**
   * Picks the next token. Draws a random number (and moves `mu`), so it is called once for each position.
   *
   * @param logits  f32[vocab], not changed
   * @throws TensorplanError `sampler/bad-logits` (NaN, +Infinity, none), `sampler/no-candidates`,
   *         `sampler/guidance-inputs`, `sampler/bad-token`
   */
  sample(logits: Float32Array, inputs: SampleInputs = {}): number {
    const { candidates: c } = this.#scratch;
    this.#scratch.owner = undefined;
    if (logits.length === 0) {
      throw samplingError(
        "sampler/bad-logits",
        "there are no logits",
        "give one for each token of the vocabulary",
      );
    }
    if ((inputs.uncond !== undefined) !== this.guided) throw this.#guidanceInputs();
    if (inputs.uncond !== undefined) applyGuidance(c, logits, inputs.uncond, this.options.cfgScale);
    else if (this.#steps.length === 1 && this.options.temp <= 0) return this.#pickDirectly(logits);
    else if (this.#steps[0]?.name === "top_k") c.loadBest(logits, this.options.topK);
    else c.load(logits);
    for (const step of this.#steps) step.run(c, this.#window);
    const position = this.#pick();
    this.#scratch.owner = this;
    return c.ids[position] as number;
  }

  /** Tells the chain which token the sequence really went on with. */
  accept(token: number): void {
    if (!Number.isInteger(token) || token < 0 || token >= 2 ** 31) {
      throw samplingError("sampler/bad-token", `${token} is no token id`, "give a whole number, 0 or more");
    }
    this.#window.push(token);
  }

  /** Back to the start: no tokens seen, the seed's first random number, `mu` at 2·tau. */
  reset(): void {
    this.#window.clear();
    this.#mirostat.mu = 2 * this.options.mirostatTau;
    this.#random = Random.fromSeed(this.options.seed);
  }

  /** An independent chain in the same state; with a seed, one that goes on with other random numbers. */
  clone(change: { readonly seed?: number | undefined } = {}): SamplerChain {
    const { seed } = change;
    if (seed !== undefined && !(Number.isSafeInteger(seed) && seed >= 0)) {
      throw optionError(
        "sampler/bad-option",
        "seed",
        `${seed} is not allowed`,
        "give a whole number, 0 … 2^53-1",
      );
    }
    const options = seed === undefined ? this.options : { ...this.options, seed };
    const random = seed === undefined ? this.#random.clone() : Random.fromSeed(seed);
    return new SamplerChain(options, this.#scratch, this.#window.clone(), this.#mirostat.mu, random);
  }

  /**
   * The most likely `n` of the tokens that the last `sample` picked from, likeliest first.
   * Scratch memory is shared with clones, so ask before one of them samples.
   */
  topCandidates(n: number): readonly Candidate[] {
    const { candidates: c, owner } = this.#scratch;
    if (owner !== this) {
      throw samplingError(
        "sampler/no-candidates",
        "there are no candidates to show",
        "call topCandidates right after this chain's sample, before a clone of it samples",
      );
    }
    return Array.from({ length: c.count }, (_, i) => ({
      token: c.ids[i] as number,
      logit: c.logits[i] as number,
      probability: c.probs[i] as number,
    }))
      .sort((a, b) => b.logit - a.logit || a.token - b.token)
      .slice(0, n);
  }

  #pick(): number {
    const { candidates: c } = this.#scratch;
    const { mirostat, temp } = this.options;
    if (mirostat === 1) return drawMirostat1(c, this.#mirostat, this.#random);
    if (mirostat === 2) return drawMirostat2(c, this.#mirostat, this.#random);
    if (temp > 0) return drawPosition(c, this.#random);
    c.softmax();
    return 0;
  }

  /** Greedy with nothing before it: one look at the logits, no copy. */
  #pickDirectly(logits: Float32Array): number {
    const token = mostLikely(logits);
    this.#scratch.candidates.loadOne(token, logits[token] as number);
    this.#scratch.owner = this;
    return token;
  }

  #guidanceInputs(): Error {
    return this.guided
      ? samplingError(
          "sampler/guidance-inputs",
          `--cfg-scale is ${this.options.cfgScale}, but there are no unconditional logits`,
          "give `uncond`, the logits after the negative prompt",
        )
      : samplingError(
          "sampler/guidance-inputs",
          "unconditional logits were given, but --cfg-scale is 1, which ignores them",
          "set --cfg-scale above 1, or leave out the negative prompt",
        );
  }
}

export function createSampler(options: SamplerOptions = {}): SamplerChain {
  return SamplerChain.create(options);
}
