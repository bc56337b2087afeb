import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { embeddedModelPath } from "../embeddedModelPath.ts";
import type { GgufMetadata, GgufValue } from "../gguf/ggufValue.ts";
import { openGguf } from "../gguf/openGguf.ts";
import { Tokenizer as Library, type LibraryTokenizer } from "./library.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { tokenizerFromGguf } from "./tokenizerFromGguf.ts";

/** Any text that UTF-8 can carry, odd characters of every plane included. */
const text = fc.string({ unit: "binary", maxLength: 60 });
/** Text of the characters on which pre-tokenizers differ. */
const tricky = fc.string({
  unit: fc.constantFrom(
    ...Array.from("aZéßЖ中가カ09٣½ \n\r\t\u00a0\u3000\u0085\ufeff'’sStTlL.,!?_-/（）“”😀\u0301\u200d"),
  ),
  maxLength: 40,
});

let metadata: GgufMetadata;
beforeAll(async () => {
  ({ metadata } = await openGguf(embeddedModelPath()));
});

const strings = (key: string): readonly string[] => {
  const entry = metadata.get(key);
  return entry?.type === "array" && entry.of === "string" ? entry.value : [];
};

const withPre = (pre: string): GgufMetadata =>
  new Map<string, GgufValue>([...metadata, ["tokenizer.ggml.pre", { type: "string", value: pre }]]);

// As the models' publishers write them in their tokenizer.json.
const split = (Regex: string) => ({ type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false });
const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false };
const emptyNormalizer = { type: "Sequence", normalizers: [] };
const published: Readonly<
  Record<string, { normalizer: object | null; pre_tokenizer: object; ignore_merges?: boolean }>
> = {
  "gpt-2": {
    normalizer: null,
    pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true },
  },
  "deepseek-llm": {
    normalizer: emptyNormalizer,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        split("[\r\n]"),
        split(
          "\\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-\u1f7dᾀ-ᾴᾶ-ᾼ\u1fbeῂ-ῄῆ-ῌῐ-\u1fd3ῖ-\u1fdbῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤ\u2126ℨ\u212a-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+",
        ),
        split("\\s?[!-/:-~！-／：-～‘-‟　-。]+"),
        split("\\s+$"),
        split("[一-龥ࠀ-一가-퟿]+"),
        { type: "Digits", individual_digits: true },
        byteLevel,
      ],
    },
  },
  "deepseek-coder": {
    normalizer: emptyNormalizer,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        split("[\r\n]"),
        split("\\s?\\p{L}+"),
        split("\\s?\\p{P}+"),
        split("[一-龥ࠀ-一가-퟿]+"),
        { type: "Digits", individual_digits: true },
        byteLevel,
      ],
    },
  },
  "deepseek-v3": {
    normalizer: emptyNormalizer,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        split("\\p{N}{1,3}"),
        split("[一-龥\u3040-ゟ゠-ヿ]+"),
        split(
          "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+",
        ),
        byteLevel,
      ],
    },
  },
  "llama-bpe": {
    normalizer: null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        split(
          "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        ),
        byteLevel,
      ],
    },
    ignore_merges: true,
  },
  qwen2: {
    normalizer: { type: "NFC" },
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        split(
          "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        ),
        byteLevel,
      ],
    },
  },
};

describe.each(Object.entries(published))(
  "pre-tokenizer %s",
  (pre, { normalizer, pre_tokenizer, ignore_merges = false }) => {
    let ours: Tokenizer;
    let theirs: LibraryTokenizer;
    beforeAll(() => {
      ours = tokenizerFromGguf(withPre(pre));
      const vocab = Object.fromEntries(strings("tokenizer.ggml.tokens").map((token, id) => [token, id]));
      const added = ["<bos>", "<eos>"].map((content, id) => ({
        id,
        content,
        special: true,
        normalized: false,
      }));
      theirs = new Library(
        {
          version: "1.0",
          added_tokens: added,
          normalizer,
          pre_tokenizer,
          post_processor: null,
          decoder: { type: "ByteLevel" },
          model: { type: "BPE", vocab, merges: strings("tokenizer.ggml.merges"), ignore_merges },
        },
        {},
      );
    });

    it("gives the ids of the library run on the published tokenizer.json", () => {
      fc.assert(
        fc.property(fc.oneof(text, tricky), (s) => {
          expect(ours.encode(s, { special: true })).toEqual(
            theirs.encode(s, { add_special_tokens: false }).ids,
          );
        }),
        { numRuns: 300 },
      );
    });

    it("decodes what it encoded", () => {
      const normalised = pre === "qwen2" ? (s: string) => s.normalize("NFC") : (s: string) => s;
      fc.assert(
        fc.property(fc.oneof(text, tricky), (s) => {
          expect(ours.decode(ours.encode(s))).toBe(normalised(s));
        }),
      );
    });

    it("takes time in proportion to a long run of spaces", () => {
      const started = performance.now();
      expect(ours.decode(ours.encode(`a${" ".repeat(50_000)}b`))).toHaveLength(50_002);
      expect(performance.now() - started).toBeLessThan(3000);
    });
  },
);
