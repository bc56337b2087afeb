import { TensorplanError } from "@tensorplan/ir";
import { chooseSeed } from "./random.ts";
import { type SamplerName, samplerNames, truncatingSamplers } from "./samplerNames.ts";
import {
  otherDefaults,
  type ResolvedSamplerOptions,
  type SamplerOptions,
  type StepOption,
  stepOptions,
} from "./samplerOptions.ts";
import { validateSamplerOptions } from "./validateOptions.ts";

/** The steps when the user names none: all of them, or, with mirostat, those that take no token out. */
function defaultOrder(mirostat: number): readonly SamplerName[] {
  return mirostat === 0 ? samplerNames : samplerNames.filter((name) => !truncatingSamplers.has(name));
}

/**
 * Checks options and fills in the defaults.
 *
 * @throws TensorplanError if anything is wrong; with several problems, one error that lists them all
 */
export function resolveSamplerOptions(options: SamplerOptions): ResolvedSamplerOptions {
  const problems = validateSamplerOptions(options);
  const first = problems[0];
  if (first !== undefined) throw problems.length === 1 ? first : together(first, problems);

  const mirostat = options.mirostat ?? otherDefaults.mirostat;
  const order = options.order ?? defaultOrder(mirostat);
  const value = (name: StepOption): number => {
    const { step, default: usual, neutral } = stepOptions[name];
    return options[name] ?? (order.includes(step) ? usual : neutral);
  };
  const seed = options.seed ?? otherDefaults.seed;
  return {
    temp: value("temp"),
    topK: value("topK"),
    topP: value("topP"),
    minP: value("minP"),
    typicalP: value("typicalP"),
    tfsZ: value("tfsZ"),
    repeatPenalty: value("repeatPenalty"),
    repeatLastN: options.repeatLastN ?? otherDefaults.repeatLastN,
    frequencyPenalty: value("frequencyPenalty"),
    presencePenalty: value("presencePenalty"),
    mirostat,
    mirostatTau: options.mirostatTau ?? otherDefaults.mirostatTau,
    mirostatEta: options.mirostatEta ?? otherDefaults.mirostatEta,
    seed: seed === -1 ? chooseSeed() : seed,
    logitBias: [...(options.logitBias ?? [])],
    cfgScale: value("cfgScale"),
    order: [...order],
  };
}

function together(first: TensorplanError, problems: readonly TensorplanError[]): TensorplanError {
  return new TensorplanError({
    code: first.code,
    message: problems.map((p) => p.message).join("; "),
    hint: problems.map((p) => p.hint ?? "").join("; "),
    details: { options: problems.map((p) => String(p.details.option)) },
  });
}
