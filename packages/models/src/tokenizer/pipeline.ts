import { createBpeModel } from "./bpeModel.ts";
import { type BpeModel, Tokenizer } from "./library.ts";
import { preTokenizerByName } from "./preTokenizers.ts";
import { sentencePieceMerges } from "./sentencePieceMerges.ts";
import { isControl, tokenizerError, tokenKind, type Vocabulary } from "./vocabulary.ts";

/** How one kind of vocabulary turns text into ids: what is done to the text first, and the merging itself. */
export interface Pipeline {
  readonly normalizer: object | null;
  readonly preTokenizer: object | null;
  readonly model: BpeModel;
}

/** Stands for text that the vocabulary can't express; no vocabulary contains it, so it has no id. */
const inexpressible = "\u0000inexpressible";

export function byteLevelPipeline(vocabulary: Vocabulary): Pipeline {
  const pre = preTokenizerByName(vocabulary.pre);
  const { merges } = vocabulary;
  if (merges === undefined) {
    throw tokenizerError(
      "no-merges",
      "the vocabulary is of byte pairs, and the file has no tokenizer.ggml.merges",
      "convert the model again with a current converter",
    );
  }
  const model = createBpeModel({
    tokens: textTokens(vocabulary, (kind) => !isControl(kind)),
    merges,
    ignoreMerges: pre.ignoreMerges,
    byteFallback: false,
    unknown: inexpressible,
    fuseUnknown: false,
  });
  return { normalizer: pre.normalizer, preTokenizer: pre.preTokenizer, model };
}

export function sentencePiecePipeline(vocabulary: Vocabulary): Pipeline {
  const { kinds, scores, unknown } = vocabulary;
  if (scores === undefined) {
    throw tokenizerError(
      "no-scores",
      "the vocabulary is SentencePiece's, and the file has no tokenizer.ggml.scores",
      "convert the model again with a current converter",
    );
  }
  const pieces = textTokens(
    vocabulary,
    (kind) => kind === tokenKind.normal || kind === tokenKind.userDefined,
  );
  const model = createBpeModel({
    tokens: textTokens(vocabulary, (kind, id) => !isControl(kind) || id === unknown),
    merges: vocabulary.merges ?? sentencePieceMerges(pieces, scores),
    ignoreMerges: false,
    byteFallback: vocabulary.tokens.some((_, id) => kinds[id] === tokenKind.byte),
    unknown: (unknown === undefined ? undefined : vocabulary.tokens[unknown]) ?? inexpressible,
    fuseUnknown: true,
  });
  const spaces = { type: "Replace", pattern: { String: " " }, content: "▁" };
  const prefix = { type: "Prepend", prepend: "▁" };
  const normalizers = vocabulary.addSpacePrefix === false ? [spaces] : [prefix, spaces];
  return { normalizer: { type: "Sequence", normalizers }, preTokenizer: null, model };
}

/** Text to ids; undefined where the vocabulary has none for a part of the text. */
export type Encoder = (text: string) => readonly (number | undefined)[];

/** An encoder that takes the named tokens out of the text before anything else is done to it. */
export function createEncoder(
  pipeline: Pipeline,
  named: readonly { readonly id: number; readonly content: string }[],
): Encoder {
  const tokenizer = new Tokenizer(
    {
      version: "1.0",
      added_tokens: named.map((token) => ({ ...token, special: true, normalized: false })),
      normalizer: pipeline.normalizer,
      pre_tokenizer: pipeline.preTokenizer,
      post_processor: null,
      decoder: null,
      model: { type: "BPE", vocab: {}, merges: [] },
    },
    {},
  );
  tokenizer.model = pipeline.model;
  return (text) => tokenizer.encode(text, { add_special_tokens: false }).ids;
}

function textTokens(
  { tokens, kinds }: Vocabulary,
  keep: (kind: number | undefined, id: number) => boolean,
): readonly (string | undefined)[] {
  return tokens.map((token, id) => (keep(kinds[id], id) ? token : undefined));
}
