import type { TensorplanError } from "@tensorplan/ir";
import { optionError } from "./samplerError.ts";
import { type SamplerName, truncatingSamplers } from "./samplerNames.ts";
import {
  otherDefaults,
  type SamplerOptions,
  type StepOption,
  samplerFlags,
  stepOptions,
} from "./samplerOptions.ts";

/**
 * Options that are fine each by itself but can't be followed together. Only what the user asked for counts: a
 * default that is out of play and a neutral value (such as `--top-p 1`) ask for nothing.
 *
 * With `--temp 0`, top-k, top-p, min-p and a seed are no contradiction: the most likely token is what any of
 * them lets through, so each is followed.
 */
export function contradictions(options: SamplerOptions): readonly TensorplanError[] {
  return [
    ...withMirostat(options),
    ...withoutMirostat(options),
    ...outOfOrder(options),
    ...repeatWindow(options),
    ...afterGreedy(options),
  ];
}

const askedFor = (options: SamplerOptions, name: StepOption): boolean =>
  options[name] !== undefined && options[name] !== stepOptions[name].neutral;

const asked = (options: SamplerOptions): readonly StepOption[] =>
  (Object.keys(stepOptions) as StepOption[]).filter((name) => askedFor(options, name));

const hasBias = (options: SamplerOptions): boolean => (options.logitBias ?? []).length > 0;

const usesMirostat = (options: SamplerOptions): boolean => (options.mirostat ?? otherDefaults.mirostat) !== 0;

const isGreedy = (options: SamplerOptions): boolean => options.temp !== undefined && options.temp <= 0;

function withMirostat(options: SamplerOptions): TensorplanError[] {
  if (!usesMirostat(options)) return [];
  const errors = asked(options)
    .filter((name) => truncatingSamplers.has(stepOptions[name].step))
    .map((name) =>
      optionError(
        "sampler/contradiction",
        name,
        "mirostat decides by itself how many tokens stay",
        `leave out ${samplerFlags[name]} or --mirostat`,
      ),
    );
  const listed = (options.order ?? []).filter((step) => truncatingSamplers.has(step));
  if (listed.length > 0) {
    errors.push(
      optionError(
        "sampler/contradiction",
        "order",
        `mirostat decides by itself how many tokens stay, so ${listed.join(", ")} can't be a step`,
        "leave them out of the order, or leave out --mirostat",
      ),
    );
  }
  if (isGreedy(options)) {
    errors.push(
      optionError(
        "sampler/contradiction",
        "temp",
        "0 always takes the most likely token, and mirostat draws one",
        "leave out --mirostat, or give a temperature above 0",
      ),
    );
  }
  return errors;
}

function withoutMirostat(options: SamplerOptions): TensorplanError[] {
  if (usesMirostat(options)) return [];
  return (["mirostatTau", "mirostatEta"] as const)
    .filter((name) => options[name] !== undefined)
    .map((name) =>
      optionError("sampler/no-effect", name, "mirostat is off", "add --mirostat 1 or 2, or leave it out"),
    );
}

/** Options whose step isn't in the order that the user gave. */
function outOfOrder(options: SamplerOptions): TensorplanError[] {
  const order = options.order;
  if (order === undefined) return [];
  const missing = (step: SamplerName): boolean =>
    !order.includes(step) && !(usesMirostat(options) && truncatingSamplers.has(step));
  const error = (name: StepOption | "logitBias", step: SamplerName) =>
    optionError(
      "sampler/no-effect",
      name,
      `the order has no ${step} step`,
      `add ${step} to --samplers${step === "cfg" ? ", as the first" : ""}, or leave out ${samplerFlags[name]}`,
    );
  const errors = asked(options)
    .filter((name) => missing(stepOptions[name].step))
    .map((name) => error(name, stepOptions[name].step));
  if (hasBias(options) && missing("logit_bias")) errors.push(error("logitBias", "logit_bias"));
  return errors;
}

function repeatWindow(options: SamplerOptions): TensorplanError[] {
  const last = options.repeatLastN;
  if (last === undefined) return [];
  const penalised = asked(options).some((name) => stepOptions[name].step === "penalties");
  if (penalised && last === 0) {
    return [
      optionError(
        "sampler/contradiction",
        "repeatLastN",
        "a window of 0 tokens leaves the penalties nothing to look at",
        "give a window of 1 or more (-1: all tokens), or leave the penalties out",
      ),
    ];
  }
  if (penalised || last === 0) return [];
  return [
    optionError(
      "sampler/no-effect",
      "repeatLastN",
      "no penalty is set, so nothing looks at the window",
      "add --repeat-penalty, --frequency-penalty or --presence-penalty, or leave it out",
    ),
  ];
}

/** With a temperature of 0, its step leaves one token: a later one can't change which. */
function afterGreedy(options: SamplerOptions): TensorplanError[] {
  const order = options.order;
  if (order === undefined || !isGreedy(options)) return [];
  const later = order.slice(order.indexOf("temperature") + 1);
  const error = (name: StepOption | "logitBias", step: SamplerName) =>
    optionError(
      "sampler/no-effect",
      name,
      `${step} comes after temperature 0, which has then picked the token`,
      `put ${step} before temperature`,
    );
  const errors = asked(options)
    .filter((name) => stepOptions[name].step === "penalties" && later.includes("penalties"))
    .map((name) => error(name, "penalties"));
  if (hasBias(options) && later.includes("logit_bias")) errors.push(error("logitBias", "logit_bias"));
  return errors;
}
