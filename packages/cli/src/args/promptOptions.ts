import { TensorplanError } from "@tensorplan/ir";
import type { Tokenizer } from "@tensorplan/models";
import { type Command, InvalidArgumentError, Option } from "commander";
import type { CliContext } from "../cliContext.ts";
import { wholeNumber } from "./numbers.ts";
import { readTextFile } from "./textFile.ts";

/** Where a prompt comes from. */
export interface PromptFlags {
  readonly prompt?: string;
  readonly file?: string;
  readonly tokens?: readonly number[];
  readonly bos: boolean;
  readonly special?: true;
}

/** Adds `-p`, `-f`, `--tokens`, `--no-bos` and `--special`. */
export function addPromptOptions(command: Command): Command {
  return command
    .addOption(new Option("-p, --prompt <TEXT>", "the text").conflicts(["file", "tokens"]))
    .addOption(
      new Option("-f, --file <FILE>", "read the text from a UTF-8 file (- is standard input)").conflicts([
        "prompt",
        "tokens",
      ]),
    )
    .addOption(
      new Option("--tokens <IDS>", "token ids instead of text, separated by commas, taken as they are")
        .argParser(parseTokens)
        .conflicts(["prompt", "file"]),
    )
    .option("--no-bos", "put no begin-of-text token in front, even where the model expects it")
    .option(
      "--special",
      "read control tokens that are spelled out in the text, such as <eos>, as those tokens",
    );
}

/** `1,2,3` → ids. */
function parseTokens(text: string): readonly number[] {
  if (text.trim() === "") throw new InvalidArgumentError("Give at least one token id, such as 1,2,3.");
  return text.split(",").map(wholeNumber(0, 2 ** 31 - 1));
}

/** Undefined where no prompt was given. @throws TensorplanError `cli/unreadable`, `tokenizer/…` */
export async function promptTokens(
  flags: PromptFlags,
  tokenizer: () => Tokenizer,
  context: CliContext,
): Promise<readonly number[] | undefined> {
  if (flags.tokens !== undefined) return flags.tokens;
  const text = await promptText(flags, context);
  return text === undefined ? undefined : encodePrompt(text, tokenizer(), flags);
}

/** The prompt's text, where it was given as text. @throws TensorplanError `cli/unreadable` */
export const promptText = async (flags: PromptFlags, context: CliContext): Promise<string | undefined> =>
  flags.file === undefined ? flags.prompt : readTextFile(flags.file, context);

export const encodePrompt = (
  text: string,
  tokenizer: Tokenizer,
  flags: Pick<PromptFlags, "bos" | "special">,
): readonly number[] =>
  tokenizer.encode(text, { addBos: flags.bos && tokenizer.addBos, special: flags.special === true });

/** @throws TensorplanError `cli/empty-prompt`, `cli/token-range` */
export function checkTokens(tokens: readonly number[], vocabSize: number): readonly number[] {
  if (tokens.length === 0) throw emptyPrompt();
  const wrong = tokens.find((token) => token >= vocabSize);
  if (wrong === undefined) return tokens;
  throw new TensorplanError({
    code: "cli/token-range",
    message: `there is no token ${wrong}: the vocabulary has ${vocabSize}`,
    hint: `give ids from 0 to ${vocabSize - 1}`,
  });
}

export const emptyPrompt = () =>
  new TensorplanError({
    code: "cli/empty-prompt",
    message: "the prompt is empty: there is nothing to go on with",
    hint: "give some text (-p), a file (-f) or token ids (--tokens)",
  });
