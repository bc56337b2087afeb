import type { StreamDecoder } from "./streamDecoder.ts";

export interface EncodeOptions {
  /** Read the text of control tokens (`<bos>`, `<|im_end|>` …) as those tokens. Off by default: user text stays text. */
  readonly special?: boolean;
  /** Put the begin-of-text token first. Off by default; `Tokenizer.addBos` says what the model was trained with. */
  readonly addBos?: boolean;
}

export interface DecodeOptions {
  /** Show control tokens by their text. Off by default: they give nothing. */
  readonly special?: boolean;
}

/** Text to token ids and back, as one model does it. Ids are 0 to `vocabSize` - 1. */
export interface Tokenizer {
  readonly vocabSize: number;
  readonly bos: number | undefined;
  readonly eos: number | undefined;
  /** Ids after which generation ends: end of text, end of turn. */
  readonly eog: ReadonlySet<number>;
  /** Whether the model expects `bos` in front of a prompt. */
  readonly addBos: boolean;
  /** Whether the model expects `eos` after a prompt. */
  readonly addEos: boolean;

  /** @throws TensorplanError `tokenizer/…` when the vocabulary is unusable or can't express the text */
  encode(text: string, options?: EncodeOptions): number[];
  decode(ids: Iterable<number>, options?: DecodeOptions): string;
  /** The token's text as bytes: often part of a character. Control tokens give the bytes of their name. */
  pieceBytes(id: number): Uint8Array;
  /** Control, unknown and unused tokens: those that `decode` leaves out. */
  isSpecial(id: number): boolean;
  /** The id of a token by its exact text in the vocabulary. */
  idOf(token: string): number | undefined;
  /** Decodes generated tokens as they come, each continuing the text before it. */
  streamDecoder(options?: DecodeOptions): StreamDecoder;
}
