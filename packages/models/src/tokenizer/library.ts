import * as untyped from "@huggingface/tokenizers";

// The package's declarations import one another without file extensions, which Node's resolution doesn't follow: to the compiler all of
// it is untyped. These are the parts that are used here, as its sources declare them.

export interface BpeModel {
  readonly tokens_to_ids: Map<string, number>;
  readonly vocab: (string | undefined)[];
  /** Keyed by `JSON.stringify([left, right])`. */
  readonly bpe_ranks: Map<string, number>;
  unk_token_id?: number;
}

export interface LibraryTokenizer {
  model: BpeModel | null;
  /** An id is undefined where the vocabulary has none for a part of the text. */
  encode(text: string, options: { add_special_tokens: boolean }): { ids: (number | undefined)[] };
}

interface Library {
  readonly BPE: new (config: object) => BpeModel;
  /** @param tokenizerJson as in a Hugging Face tokenizer.json; @param config as in a tokenizer_config.json */
  readonly Tokenizer: new (
    tokenizerJson: object,
    config: object,
  ) => LibraryTokenizer;
}

export const { BPE, Tokenizer }: Library = untyped as unknown as Library;
