import { type Command, Option } from "commander";
import { withShortName } from "./normaliseArgv.ts";
import { wholeNumber } from "./numbers.ts";

const policies = ["rules", "ggml"] as const;

/** llama-bench's own words, beside those that all commands share. They say something to `--policy ggml` alone. */
export interface LlamaOptions {
  readonly policy: (typeof policies)[number];
  readonly cacheTypeV?: string;
  readonly nPrompt?: number;
  readonly nGen?: number;
  readonly nDepth?: number;
}

/** Those of them that the rules of `--policy rules` have no use for, by the name that users type. */
export const ggmlOnly = {
  cacheTypeV: "-ctv",
  nPrompt: "-p",
  nGen: "-n",
  nDepth: "-d",
} as const;

/** Adds the choice of who decides, and the flags of llama-bench that no other option covers. */
export function addLlamaOptions(command: Command): Command {
  const short = (name: `-${string}`, flags: string, help: string, parse: (text: string) => unknown) =>
    command.addOption(withShortName(new Option(flags, help).argParser(parse), name));
  command.addOption(
    new Option(
      "--policy <WHO>",
      "who decides: this program's rules, or what ggml's scheduler (llama.cpp v0.5.0) would do with llama-bench's flags",
    )
      .choices(policies)
      .default("rules"),
  );
  short("-ctv", "--cache-type-v <TYPE>", "with --policy ggml: element type of cached values", String);
  return command
    .option("-p, --n-prompt <N>", "with --policy ggml: tokens of the prompt (default: 512)", wholeNumber(0))
    .option(
      "-n, --n-gen <N>",
      "with --policy ggml: tokens to generate; without a prompt they size the cache",
      wholeNumber(0),
    )
    .option("-d, --n-depth <N>", "with --policy ggml: tokens that the cache holds already", wholeNumber(0));
}
