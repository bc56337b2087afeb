import type { SamplerName } from "./samplerNames.ts";

/** One token's bias: `bias` is added to its logit; `-Infinity` bans the token. */
export interface LogitBias {
  readonly token: number;
  readonly bias: number;
}

/** What a user may set. A field that is left out (or undefined) takes its default, which `samplerDefaults` lists. */
export interface SamplerOptions {
  /** Divides the logits; 0 or less: always the most likely token. */
  readonly temp?: number | undefined;
  /** Keep the K most likely tokens; 0 keeps all. */
  readonly topK?: number | undefined;
  /** Keep the most likely tokens until their probabilities add up to this; 1 keeps all. */
  readonly topP?: number | undefined;
  /** Keep tokens at least this fraction as likely as the most likely one; 0 keeps all. */
  readonly minP?: number | undefined;
  /** Keep the tokens whose surprise is nearest to the expected one, up to this probability; 1 keeps all. */
  readonly typicalP?: number | undefined;
  /** Cut the tail where the probability curve goes flat; 1 keeps all. */
  readonly tfsZ?: number | undefined;
  /** Makes tokens of the window less likely: positive logits are divided by it, others multiplied; 1 is off. */
  readonly repeatPenalty?: number | undefined;
  /** Tokens in the window of all three penalties; -1: all tokens so far, 0: none. */
  readonly repeatLastN?: number | undefined;
  /** Subtracted from a token's logit once for each time it is in the window. */
  readonly frequencyPenalty?: number | undefined;
  /** Subtracted once from the logit of each token in the window. */
  readonly presencePenalty?: number | undefined;
  /** 0: off, 1 or 2: the version of mirostat that picks the token. */
  readonly mirostat?: 0 | 1 | 2 | undefined;
  /** Mirostat's target surprise, in bits. */
  readonly mirostatTau?: number | undefined;
  /** Mirostat's learning rate. */
  readonly mirostatEta?: number | undefined;
  /** 0 … 2^53-1; -1 (the default) picks one, which `sampler.seed` then tells. */
  readonly seed?: number | undefined;
  readonly logitBias?: readonly LogitBias[] | undefined;
  /** Strength of classifier-free guidance: 1 is off, more moves away from the negative prompt. */
  readonly cfgScale?: number | undefined;
  /** The steps, first to last; a step that isn't listed isn't done. */
  readonly order?: readonly SamplerName[] | undefined;
}

export type SamplerOption = keyof SamplerOptions;

/** Options after defaults: values of steps that are not in `order` are neutral, so this is what really happens. */
export type ResolvedSamplerOptions = {
  readonly [K in SamplerOption]-?: Exclude<SamplerOptions[K], undefined>;
};

/** The command line flag of each option, as messages name it. */
export const samplerFlags = {
  temp: "--temp",
  topK: "--top-k",
  topP: "--top-p",
  minP: "--min-p",
  typicalP: "--typical",
  tfsZ: "--tfs",
  repeatPenalty: "--repeat-penalty",
  repeatLastN: "--repeat-last-n",
  frequencyPenalty: "--frequency-penalty",
  presencePenalty: "--presence-penalty",
  mirostat: "--mirostat",
  mirostatTau: "--mirostat-ent",
  mirostatEta: "--mirostat-lr",
  seed: "--seed",
  logitBias: "--logit-bias",
  cfgScale: "--cfg-scale",
  order: "--samplers",
} as const satisfies Record<SamplerOption, string>;

/** Numeric options that belong to one step: the step, the default (llama.cpp's) and the value that does nothing. */
export const stepOptions = {
  cfgScale: { step: "cfg", default: 1, neutral: 1 },
  repeatPenalty: { step: "penalties", default: 1, neutral: 1 },
  frequencyPenalty: { step: "penalties", default: 0, neutral: 0 },
  presencePenalty: { step: "penalties", default: 0, neutral: 0 },
  topK: { step: "top_k", default: 40, neutral: 0 },
  tfsZ: { step: "tfs_z", default: 1, neutral: 1 },
  typicalP: { step: "typical_p", default: 1, neutral: 1 },
  topP: { step: "top_p", default: 0.95, neutral: 1 },
  minP: { step: "min_p", default: 0.05, neutral: 0 },
  temp: { step: "temperature", default: 0.8, neutral: 1 },
} as const satisfies Partial<Record<SamplerOption, { step: SamplerName; default: number; neutral: number }>>;

export type StepOption = keyof typeof stepOptions;

/** Defaults of the options that are not one step's number. */
export const otherDefaults = {
  repeatLastN: 64,
  mirostat: 0,
  mirostatTau: 5,
  mirostatEta: 0.1,
  seed: -1,
} as const;

/** The default of every option with one value: what `--help` shows. */
export const samplerDefaults = {
  ...otherDefaults,
  cfgScale: stepOptions.cfgScale.default,
  repeatPenalty: stepOptions.repeatPenalty.default,
  frequencyPenalty: stepOptions.frequencyPenalty.default,
  presencePenalty: stepOptions.presencePenalty.default,
  topK: stepOptions.topK.default,
  tfsZ: stepOptions.tfsZ.default,
  typicalP: stepOptions.typicalP.default,
  topP: stepOptions.topP.default,
  minP: stepOptions.minP.default,
  temp: stepOptions.temp.default,
} as const satisfies Record<Exclude<SamplerOption, "logitBias" | "order">, number>;
