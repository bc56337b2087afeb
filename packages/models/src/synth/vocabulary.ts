import type { GgufMetadata } from "../gguf/ggufValue.ts";
import { bool, text, u32 } from "./keys.ts";
import type { VocabularySettings } from "./preset.ts";

/** GGUF's kinds of tokens. */
const NORMAL = 1;
const CONTROL = 3;
const UNUSED = 5;

/**
 * A byte-level BPE vocabulary of any size, with valid merges, in which every text can be written: the 256 bytes, then merges of two,
 * three and four of the letters (a space may come first), the more common ones first. `bos` and `eos` stand at their published places.
 */
export function syntheticVocabulary(settings: VocabularySettings): GgufMetadata {
  const { size, bos, eos } = settings;
  const tokens: string[] = [];
  const types = new Int32Array(size).fill(NORMAL);
  const merges: string[] = [];
  const words = plainTokens(merges);
  for (let id = 0; id < size; id++) {
    if (id === bos || id === eos) {
      tokens.push(id === bos ? "<|bos|>" : "<|eos|>");
      types[id] = CONTROL;
      continue;
    }
    const { value } = words.next();
    tokens.push(value ?? `<|unused_${id}|>`);
    if (value === undefined) types[id] = UNUSED;
  }
  return new Map([
    ["tokenizer.ggml.model", text("gpt2")],
    ["tokenizer.ggml.pre", text(settings.pre)],
    ["tokenizer.ggml.tokens", { type: "array", of: "string", value: tokens }],
    ["tokenizer.ggml.token_type", { type: "array", of: "i32", value: types }],
    ["tokenizer.ggml.merges", { type: "array", of: "string", value: merges }],
    ["tokenizer.ggml.bos_token_id", u32(bos)],
    ["tokenizer.ggml.eos_token_id", u32(eos)],
    ["tokenizer.ggml.add_bos_token", bool(settings.addBos)],
    ["tokenizer.ggml.add_eos_token", bool(false)],
  ]);
}

/** The space as byte-level vocabularies write it. */
const SPACE = "Ġ";
/** The more common ones first. */
const LETTERS = Array.from("etaoinshrdlcumwfgypbvkjxqz");

/** Yields bytes, then words of two, three, … letters, and notes the merge that makes each. */
function* plainTokens(merges: string[]): Generator<string, undefined> {
  yield* byteCharacters();
  let stems = [SPACE, ...LETTERS];
  for (let length = 2; length <= 4; length++) {
    const longer: string[] = [];
    for (const stem of stems) {
      for (const letter of LETTERS) {
        merges.push(`${stem} ${letter}`);
        longer.push(stem + letter);
        yield stem + letter;
      }
    }
    stems = longer;
  }
}

/** The printable stand-ins for the 256 bytes that byte-level BPE uses: a byte's own Latin-1 character where it is one, else U+0100 on. */
function* byteCharacters(): Generator<string> {
  let next = 0x100;
  for (let byte = 0; byte < 256; byte++) {
    const printable =
      (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff);
    yield String.fromCodePoint(printable ? byte : next++);
  }
}
