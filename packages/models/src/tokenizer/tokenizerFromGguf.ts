import type { TensorplanError } from "@tensorplan/ir";
import type { GgufMetadata } from "../gguf/ggufValue.ts";
import { byteLevelBytes } from "./byteAlphabet.ts";
import {
  byteLevelPipeline,
  createEncoder,
  type Encoder,
  type Pipeline,
  sentencePiecePipeline,
} from "./pipeline.ts";
import { preTokenizerByName } from "./preTokenizers.ts";
import { createStreamDecoder, type StreamDecoder } from "./streamDecoder.ts";
import type { DecodeOptions, EncodeOptions, Tokenizer } from "./tokenizer.ts";
import { isControl, readVocabulary, tokenizerError, tokenKind, type Vocabulary } from "./vocabulary.ts";

/**
 * The tokenizer that a GGUF file describes: byte-level byte pairs (`gpt2`) or SentencePiece (`llama`). What only encoding needs is built
 * at the first `encode`.
 *
 * @throws TensorplanError `tokenizer/…` when the file has no vocabulary, or one of an unknown kind
 */
export function tokenizerFromGguf(metadata: GgufMetadata): Tokenizer {
  const vocabulary = readVocabulary(metadata);
  switch (vocabulary.model) {
    case "gpt2":
      return new GgufTokenizer(vocabulary, {
        pipeline: byteLevelPipeline,
        textBytes: (token) => byteLevelBytes(token) ?? utf8.encode(token),
        stripsFirstSpace: false,
        addBos: preTokenizerByName(vocabulary.pre).addBos,
      });
    case "llama":
      return new GgufTokenizer(vocabulary, {
        pipeline: sentencePiecePipeline,
        textBytes: (token) => utf8.encode(token.replaceAll("▁", " ")),
        stripsFirstSpace: vocabulary.addSpacePrefix !== false,
        addBos: true,
      });
    default:
      throw tokenizerError(
        "unknown-model",
        `the file's tokenizer is of the kind ${JSON.stringify(vocabulary.model)}, which isn't known`,
        'known are "gpt2" (byte-level byte pairs) and "llama" (SentencePiece); token ids still work',
      );
  }
}

const utf8 = new TextEncoder();
const noBytes = new Uint8Array(0);

/** In what the two kinds of vocabulary differ. */
interface Kind {
  readonly pipeline: (vocabulary: Vocabulary) => Pipeline;
  readonly textBytes: (token: string) => Uint8Array;
  /** Encoding put a space in front of the text; decoding takes it away. */
  readonly stripsFirstSpace: boolean;
  readonly addBos: boolean;
}

class GgufTokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly bos: number | undefined;
  readonly eos: number | undefined;
  readonly eog: ReadonlySet<number>;
  readonly addBos: boolean;
  readonly addEos: boolean;
  readonly #vocabulary: Vocabulary;
  readonly #kind: Kind;
  readonly #pieces: (Uint8Array | undefined)[] = [];
  #ids: ReadonlyMap<string, number> | undefined;
  #pipeline: Pipeline | undefined;
  #encodePlain: Encoder | undefined;
  #encodeSpecial: Encoder | undefined;

  constructor(vocabulary: Vocabulary, kind: Kind) {
    this.#vocabulary = vocabulary;
    this.#kind = kind;
    this.vocabSize = vocabulary.tokens.length;
    this.bos = vocabulary.bos;
    this.eos = vocabulary.eos;
    this.eog = vocabulary.eog;
    this.addBos = (vocabulary.addBos ?? kind.addBos) && vocabulary.bos !== undefined;
    this.addEos = (vocabulary.addEos ?? false) && vocabulary.eos !== undefined;
  }

  encode(text: string, { special = false, addBos = false }: EncodeOptions = {}): number[] {
    const encoder = special ? this.#special() : this.#plain();
    const ids: number[] = addBos && this.bos !== undefined ? [this.bos] : [];
    for (const id of encoder(text)) {
      if (id === undefined) throw inexpressible(text);
      ids.push(id);
    }
    return ids;
  }

  decode(ids: Iterable<number>, { special = false }: DecodeOptions = {}): string {
    const pieces: Uint8Array[] = [];
    let strip = this.#kind.stripsFirstSpace;
    for (const id of ids) {
      const piece = this.#shown(id, special);
      const stripped = strip && piece[0] === 0x20 && !this.isSpecial(id);
      if (piece.length > 0) strip = false;
      pieces.push(stripped ? piece.subarray(1) : piece);
    }
    return new TextDecoder("utf-8", { ignoreBOM: true }).decode(Buffer.concat(pieces));
  }

  pieceBytes(id: number): Uint8Array {
    const known = this.#pieces[id];
    if (known !== undefined) return known;
    const token = this.#vocabulary.tokens[id];
    if (token === undefined) {
      throw tokenizerError(
        "id-range",
        `there is no token ${id}; the vocabulary has ids 0 to ${this.vocabSize - 1}`,
        "give ids of this model's vocabulary",
      );
    }
    const bytes = this.#bytesOf(token, this.#vocabulary.kinds[id]);
    this.#pieces[id] = bytes;
    return bytes;
  }

  isSpecial(id: number): boolean {
    const kind = this.#vocabulary.kinds[id];
    return isControl(kind) || kind === tokenKind.unused;
  }

  idOf(token: string): number | undefined {
    this.#ids ??= new Map(this.#vocabulary.tokens.map((text, id) => [text, id]));
    return this.#ids.get(token);
  }

  streamDecoder({ special = false }: DecodeOptions = {}): StreamDecoder {
    return createStreamDecoder((id) => this.#shown(id, special));
  }

  #shown(id: number, special: boolean): Uint8Array {
    const bytes = this.pieceBytes(id);
    return special || !this.isSpecial(id) ? bytes : noBytes;
  }

  #bytesOf(token: string, kind: number | undefined): Uint8Array {
    if (kind === tokenKind.normal) return this.#kind.textBytes(token);
    const byte = kind === tokenKind.byte ? /^<0x([0-9A-F]{2})>$/.exec(token)?.[1] : undefined;
    return byte === undefined ? utf8.encode(token) : Uint8Array.of(Number.parseInt(byte, 16));
  }

  #plain(): Encoder {
    this.#encodePlain ??= this.#encoder((kind) => kind === tokenKind.userDefined);
    return this.#encodePlain;
  }

  #special(): Encoder {
    this.#encodeSpecial ??= this.#encoder((kind) => kind === tokenKind.userDefined || isControl(kind));
    return this.#encodeSpecial;
  }

  #encoder(isNamed: (kind: number | undefined) => boolean): Encoder {
    const { tokens, kinds } = this.#vocabulary;
    this.#pipeline ??= this.#kind.pipeline(this.#vocabulary);
    const named: { id: number; content: string }[] = [];
    tokens.forEach((content, id) => {
      if (content.length > 0 && isNamed(kinds[id])) named.push({ id, content });
    });
    return createEncoder(this.#pipeline, named);
  }
}

function inexpressible(text: string): TensorplanError {
  const cut = text.length > 40 ? `${text.slice(0, 40)}…` : text;
  return tokenizerError(
    "inexpressible",
    `the vocabulary has no tokens for part of ${JSON.stringify(cut)}`,
    "the vocabulary lacks single bytes or merge results: give token ids instead of text",
  );
}
