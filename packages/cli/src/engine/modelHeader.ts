import { TensorplanError } from "@tensorplan/ir";
import {
  embeddedModelPath,
  type GgufFile,
  MetadataReader,
  openGguf,
  type Tokenizer,
  tokenizerFromGguf,
} from "@tensorplan/models";
import {
  checkTokens,
  emptyPrompt,
  encodePrompt,
  type PromptFlags,
  promptText,
} from "../args/promptOptions.ts";
import type { CliContext } from "../cliContext.ts";

/** What can be known of a model from its header alone, before gigabytes are read. */
export interface ModelHeader {
  readonly path: string;
  readonly file: GgufFile;
  readonly vocab: number;
  /** The context that the model was trained for. */
  readonly trainedContext: number;
  /** Made at the first call: a file without a vocabulary can still be run with token ids. */
  tokenizer(): Tokenizer;
  /** The begin-of-text token, where the file states one. */
  bos(): number | undefined;
  /**
   * The tokens of a prompt that isn't empty; undefined where none was given.
   * @throws TensorplanError `cli/empty-prompt`, also where a begin-of-text token would be all; `cli/unreadable`; `cli/token-range`
   */
  prompt(flags: PromptFlags, context: CliContext): Promise<readonly number[] | undefined>;
  /** @throws TensorplanError `cli/empty-prompt`, `cli/token-range` */
  checkTokens(tokens: readonly number[]): readonly number[];
  /** As `checkTokens`; also `cli/prompt-too-long` where the prompt doesn't fit the context that is wanted. */
  checkPrompt(tokens: readonly number[], context: number | undefined): readonly number[];
}

/** @throws TensorplanError `gguf/…` */
export async function readModelHeader(path: string = embeddedModelPath()): Promise<ModelHeader> {
  const file = await openGguf(path);
  const read = new MetadataReader(file.metadata);
  const architecture = read.string("general.architecture");
  const vocab = file.tensors.get("token_embd.weight")?.shape[0] ?? read.integer(`${architecture}.vocab_size`);
  let tokenizer: Tokenizer | undefined;
  const tokenizerOf = () => {
    tokenizer ??= tokenizerFromGguf(file.metadata);
    return tokenizer;
  };
  return {
    path,
    file,
    vocab,
    async prompt(flags, context) {
      if (flags.tokens !== undefined) return checkTokens(flags.tokens, vocab);
      const text = await promptText(flags, context);
      if (text === "") throw emptyPrompt();
      return text === undefined ? undefined : checkTokens(encodePrompt(text, tokenizerOf(), flags), vocab);
    },
    trainedContext: read.integer(`${architecture}.context_length`),
    tokenizer: tokenizerOf,
    bos: () => read.optionalInteger("tokenizer.ggml.bos_token_id"),
    checkTokens: (tokens) => checkTokens(tokens, vocab),
    checkPrompt(tokens, context) {
      checkTokens(tokens, vocab);
      if (context !== undefined && tokens.length > context) throw promptTooLong(tokens.length, context);
      return tokens;
    },
  };
}

const promptTooLong = (tokens: number, context: number) =>
  new TensorplanError({
    code: "cli/prompt-too-long",
    message: `the prompt has ${tokens} tokens, and the context holds ${context}`,
    hint: `shorten the prompt, or make the context larger (-c ${tokens} or more)`,
    details: { tokens, context },
  });
