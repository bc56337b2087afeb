import { BPE, type BpeModel } from "./library.ts";

export interface BpeParts {
  /** Tokens that text can become; a hole where the id belongs to a control token. */
  readonly tokens: readonly (string | undefined)[];
  /** Pairs, best first. */
  readonly merges: Iterable<readonly [left: string, right: string]>;
  readonly ignoreMerges: boolean;
  /** Write what isn't in the vocabulary as tokens `<0x00>` to `<0xFF>`. */
  readonly byteFallback: boolean;
  /** What stands for text that the vocabulary can't express. */
  readonly unknown: string;
  readonly fuseUnknown: boolean;
}

const needsEscape = /["\\\p{Cc}\p{Cs}]/u;

/**
 * The library's byte-pair model over a large vocabulary. The library's own constructor takes it as a tokenizer.json's objects and spends
 * 0.6 s on 128,000 tokens turning them into maps; the maps are filled directly here, which takes a third of that.
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
  for (const [id, token] of parts.tokens.entries()) {
    if (token === undefined) continue;
    model.tokens_to_ids.set(token, id);
    model.vocab[id] = token;
  }
  const unknownId = model.tokens_to_ids.get(parts.unknown);
  if (unknownId !== undefined) model.unk_token_id = unknownId;
  let rank = 0;
  for (const [left, right] of parts.merges) {
    // The same text as JSON.stringify([left, right]), the key by which the library looks a pair up.
    const escaped = needsEscape.test(left) || needsEscape.test(right);
    model.bpe_ranks.set(escaped ? JSON.stringify([left, right]) : `["${left}","${right}"]`, rank++);
  }
  return model;
}
