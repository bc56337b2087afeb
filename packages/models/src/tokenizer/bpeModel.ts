import { BPE, type BpeModel } from "./library.ts";
import { tokenizerError } from "./vocabulary.ts";

export interface BpeParts {
  /** Tokens that text can become; a hole where the id belongs to a control token. */
  readonly tokens: readonly (string | undefined)[];
  /** "left right", best first. */
  readonly merges: readonly string[];
  readonly ignoreMerges: boolean;
  /** Write what isn't in the vocabulary as tokens `<0x00>` to `<0xFF>`. */
  readonly byteFallback: boolean;
  /** What stands for text that the vocabulary can't express. */
  readonly unknown: string;
  readonly fuseUnknown: boolean;
}

/**
 * The library's byte-pair model over a large vocabulary. The library's own constructor takes it as a tokenizer.json's objects and spends
 * most of a second on 128,000 tokens turning them into maps; the maps are filled directly here, which takes half of that.
 */
export function createBpeModel(parts: BpeParts): BpeModel {
  const model = new BPE({
    type: "BPE",
    vocab: {},
    merges: [],
    unk_token: parts.unknown,
    fuse_unk: parts.fuseUnknown,
    byte_fallback: parts.byteFallback,
    ignore_merges: parts.ignoreMerges,
  });
  const { tokens_to_ids, vocab, bpe_ranks } = model;
  parts.tokens.forEach((token, id) => {
    if (token === undefined) return;
    tokens_to_ids.set(token, id);
    vocab[id] = token;
  });
  parts.merges.forEach((merge, rank) => {
    bpe_ranks.set(pairKey(merge, rank), rank);
  });
  const unknownId = tokens_to_ids.get(parts.unknown);
  if (unknownId !== undefined) model.unk_token_id = unknownId;
  return model;
}

/** What `JSON.stringify` doesn't write as it is: quotes, backslashes, controls, and surrogates that stand alone. */
const mayNeedEscape = /["\\\p{Cc}\p{Cs}]/u;

/** The key by which the library looks a pair up: `JSON.stringify([left, right])`. */
function pairKey(merge: string, rank: number): string {
  // The left part may itself begin with a space, in a vocabulary that isn't byte-level.
  const space = merge.indexOf(" ", 1);
  if (space < 0) {
    throw tokenizerError(
      "bad-merge",
      `merge ${rank} is ${JSON.stringify(merge)}, and should be two tokens with a space between`,
      "the file is damaged: convert it again",
    );
  }
  const left = merge.slice(0, space);
  const right = merge.slice(space + 1);
  return mayNeedEscape.test(merge) ? JSON.stringify([left, right]) : `["${left}","${right}"]`;
}
