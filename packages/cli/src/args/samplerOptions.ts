import {
  parseLogitBias,
  parseSamplerOrder,
  type SamplerOption,
  type SamplerOptions,
  samplerDefaults,
  samplerFlags,
} from "@tensorplan/runtime";
import { type Command, Option } from "commander";
import { finiteNumber, wholeNumber } from "./numbers.ts";

/** What commander leaves of the sampling flags: the options under their own names, as they were set. */
export type SamplerFlags = { -readonly [K in SamplerOption]?: NonNullable<SamplerOptions[K]> };

type NumberOption = keyof typeof samplerDefaults;

const whole = wholeNumber(-1);
const parsers: Readonly<Record<NumberOption, (text: string) => number>> = {
  temp: finiteNumber,
  topK: whole,
  topP: finiteNumber,
  minP: finiteNumber,
  typicalP: finiteNumber,
  tfsZ: finiteNumber,
  repeatPenalty: finiteNumber,
  repeatLastN: whole,
  frequencyPenalty: finiteNumber,
  presencePenalty: finiteNumber,
  mirostat: wholeNumber(0, 2),
  mirostatTau: finiteNumber,
  mirostatEta: finiteNumber,
  seed: whole,
  cfgScale: finiteNumber,
};

const descriptions: Readonly<Record<SamplerOption, string>> = {
  temp: "temperature; 0: always the most likely token",
  topK: "keep the K most likely tokens; 0: all",
  topP: "keep the most likely tokens up to this probability; 1: all",
  minP: "keep tokens at least this fraction as likely as the most likely one; 0: all",
  typicalP: "keep the tokens of the most typical surprise up to this probability; 1: all",
  tfsZ: "cut the flat tail of the probabilities; 1: off",
  repeatPenalty: "make recent tokens less likely by this factor; 1: off",
  repeatLastN: "how many recent tokens the penalties see; -1: all",
  frequencyPenalty: "penalty for each time a token occurred; 0: off",
  presencePenalty: "penalty for a token that occurred; 0: off",
  mirostat: "keep the surprise near a target; 0: off, 1 or 2: version",
  mirostatTau: "mirostat's target surprise in bits",
  mirostatEta: "mirostat's learning rate",
  seed: "seed of the random numbers; -1: a new one each time",
  logitBias: "ID+V or ID-V: add to a token's logit (42-inf bans 42); may be repeated",
  cfgScale: "strength of classifier-free guidance away from --negative-prompt; 1: off",
  order: "the samplers that run, in their order, separated by ;",
};

/** Adds a flag for every sampling option; defaults are shown and left to the sampler. */
export function addSamplerOptions(command: Command): Command {
  for (const option of Object.keys(samplerFlags) as SamplerOption[]) {
    command.addOption(samplerOption(option));
  }
  return command;
}

function samplerOption(option: SamplerOption): Option {
  const flag = samplerFlags[option];
  if (option === "logitBias") {
    return new Option(`${flag} <BIAS>`, descriptions[option]).argParser((text, before: unknown) => [
      ...(Array.isArray(before) ? before : []),
      parseLogitBias(text),
    ]);
  }
  if (option === "order")
    return new Option(`${flag} <NAMES>`, descriptions[option]).argParser(parseSamplerOrder);
  return new Option(`${flag} <N>`, `${descriptions[option]} (default: ${samplerDefaults[option]})`).argParser(
    parsers[option],
  );
}

/** Reads the sampling options out of a command's parsed flags. */
export function samplerOptionsOf(command: Command): SamplerFlags {
  const values = command.opts<Record<string, unknown>>();
  const options: Record<string, unknown> = {};
  for (const [option, flag] of Object.entries(samplerFlags)) {
    const known = command.options.find(({ long }) => long === flag);
    const value = known === undefined ? undefined : values[known.attributeName()];
    if (value !== undefined) options[option] = value;
  }
  return options;
}
