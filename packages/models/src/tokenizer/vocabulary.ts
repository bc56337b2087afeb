import { TensorplanError } from "@tensorplan/ir";
import type { GgufMetadata } from "../gguf/ggufValue.ts";
import { MetadataReader } from "../gguf/metadata.ts";

/** Token kinds by the numbers of `tokenizer.ggml.token_type`. */
export const tokenKind = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

/** A model's vocabulary as its file states it. */
export interface Vocabulary {
  /** "gpt2": byte-level byte-pair encoding; "llama": SentencePiece. */
  readonly model: string;
  readonly pre: string;
  readonly tokens: readonly string[];
  /** One of `tokenKind` for each token. */
  readonly kinds: ArrayLike<number>;
  /** "left right", best first; absent in SentencePiece files. */
  readonly merges: readonly string[] | undefined;
  /** For SentencePiece: the higher, the earlier a piece is formed. */
  readonly scores: ArrayLike<number> | undefined;
  readonly bos: number | undefined;
  readonly eos: number | undefined;
  readonly unknown: number | undefined;
  readonly eog: ReadonlySet<number>;
  readonly addBos: boolean | undefined;
  readonly addEos: boolean | undefined;
  readonly addSpacePrefix: boolean | undefined;
}

export function readVocabulary(metadata: GgufMetadata): Vocabulary {
  const reader = new MetadataReader(metadata);
  if (!reader.has("tokenizer.ggml.tokens")) {
    throw tokenizerError(
      "missing",
      "the file holds no vocabulary",
      "give token ids instead of text, or use a file with a tokenizer",
    );
  }
  const tokens = reader.strings("tokenizer.ggml.tokens");
  const kinds =
    reader.optionalNumbers("tokenizer.ggml.token_type") ??
    new Uint8Array(tokens.length).fill(tokenKind.normal);
  const scores = reader.optionalNumbers("tokenizer.ggml.scores");
  for (const [name, list] of [
    ["token_type", kinds],
    ["scores", scores ?? kinds],
  ] as const) {
    if (list.length !== tokens.length) {
      throw tokenizerError(
        "length",
        `the vocabulary has ${tokens.length} tokens and ${list.length} entries in tokenizer.ggml.${name}`,
        "the file is damaged: convert it again",
      );
    }
  }
  const id = (name: string) => readId(reader, `tokenizer.ggml.${name}_token_id`, tokens.length);
  const eos = id("eos");
  return {
    model: reader.string("tokenizer.ggml.model"),
    pre: reader.optionalString("tokenizer.ggml.pre") ?? "gpt-2",
    tokens,
    kinds,
    scores,
    merges: reader.optionalStrings("tokenizer.ggml.merges"),
    bos: id("bos"),
    eos,
    unknown: id("unknown"),
    eog: endOfGeneration(tokens, kinds, [eos, id("eot"), id("eom")]),
    addBos: reader.optionalBoolean("tokenizer.ggml.add_bos_token"),
    addEos: reader.optionalBoolean("tokenizer.ggml.add_eos_token"),
    addSpacePrefix: reader.optionalBoolean("tokenizer.ggml.add_space_prefix"),
  };
}

/** Control and unknown tokens: text only becomes these when special tokens are asked for. */
export const isControl = (kind: number | undefined): boolean =>
  kind === tokenKind.control || kind === tokenKind.unknown;

export const tokenizerError = (rule: string, message: string, hint: string): TensorplanError =>
  new TensorplanError({ code: `tokenizer/${rule}`, message, hint });

function readId(reader: MetadataReader, key: string, count: number): number | undefined {
  const id = reader.optionalInteger(key);
  // Some converters write 2^32 - 1 for "none".
  if (id === undefined || id === 0xffff_ffff || id === -1) return undefined;
  if (id >= 0 && id < count) return id;
  throw tokenizerError(
    "id-range",
    `${key} is ${id}, and the vocabulary has ids 0 to ${count - 1}`,
    "the file is damaged: convert it again",
  );
}

/** Tokens that end a turn or a text in the models' templates; files name only one or two of theirs by id. */
const endNames: ReadonlySet<string> = new Set([
  "<|eot_id|>",
  "<|eom_id|>",
  "<|im_end|>",
  "<|end|>",
  "<|end_of_text|>",
  "<|endoftext|>",
  "<end_of_turn>",
  "<|EOT|>",
  "<｜end▁of▁sentence｜>",
]);

function endOfGeneration(
  tokens: readonly string[],
  kinds: ArrayLike<number>,
  named: readonly (number | undefined)[],
): ReadonlySet<number> {
  const ids = named.filter((id) => id !== undefined);
  tokens.forEach((token, id) => {
    const kind = kinds[id];
    if (
      kind !== tokenKind.normal &&
      (isControl(kind) || kind === tokenKind.userDefined) &&
      endNames.has(token)
    ) {
      ids.push(id);
    }
  });
  return new Set(ids);
}
