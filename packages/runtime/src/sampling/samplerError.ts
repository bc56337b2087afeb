import { TensorplanError } from "@tensorplan/ir";
import { type SamplerOption, samplerFlags } from "./samplerOptions.ts";

export type SamplerErrorCode =
  /** A value of the wrong kind or outside its range. */
  | "sampler/bad-option"
  /** An option that this sampler doesn't have. */
  | "sampler/unknown-option"
  /** `order` names a step that doesn't exist, names one twice, or puts one where it can't work. */
  | "sampler/bad-order"
  /** The option is set, but nothing that it says can happen. */
  | "sampler/no-effect"
  /** Two options that can't both be followed. */
  | "sampler/contradiction"
  /** NaN, +Infinity, or an array of the wrong length. */
  | "sampler/bad-logits"
  /** Every token is impossible. */
  | "sampler/no-candidates"
  /** A token id that the vocabulary doesn't have. */
  | "sampler/bad-token"
  /** Guidance without unconditional logits, or the other way round. */
  | "sampler/guidance-inputs";

/** An error about one option, named by its flag and, for library users, by its field. */
export function optionError(
  code: SamplerErrorCode,
  option: SamplerOption,
  problem: string,
  hint: string,
): TensorplanError {
  const flag = samplerFlags[option];
  return new TensorplanError({ code, message: `${flag}: ${problem}`, hint, details: { option, flag } });
}

/** An error about what the sampler was given at a step. */
export function samplingError(code: SamplerErrorCode, message: string, hint: string): TensorplanError {
  return new TensorplanError({ code, message, hint });
}
