import { readFileSync } from "node:fs";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { embeddedModelPath } from "../embeddedModelPath.ts";
import type { GgufMetadata, GgufValue } from "../gguf/ggufValue.ts";
import { openGguf } from "../gguf/openGguf.ts";
import { Tokenizer as LibraryTokenizer } from "./library.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { tokenizerFromGguf } from "./tokenizerFromGguf.ts";

interface Oracle {
  readonly tests: readonly { readonly text: string; readonly ids: number[]; readonly ids_plain?: number[] }[];
}

const oracle = JSON.parse(
  readFileSync(new URL("../../../../test/reference/tokenizer-tests.json", import.meta.url), "utf8"),
) as Oracle;

let metadata: GgufMetadata;
let embedded: Tokenizer;
beforeAll(async () => {
  ({ metadata } = await openGguf(embeddedModelPath()));
  embedded = tokenizerFromGguf(metadata);
});

/** Any text that UTF-8 can carry, odd characters of every plane included. */
const text = fc.string({ unit: "binary", maxLength: 60 }).map((s) => s.toWellFormed());
/** Text of the characters on which pre-tokenizers differ. */
const tricky = fc.string({
  unit: fc.constantFrom(..."aZéßЖ中가カ09٣½ \n\r\t\u00a0\u3000\u0085\ufeff'’sStTlL.,!?_-/（）“”😀́\u200d".split("")),
  maxLength: 40,
}).map((s) => s.toWellFormed());

const strings = (key: string): readonly string[] => {
  const entry = metadata.get(key);
  return entry?.type === "array" && entry.of === "string" ? entry.value : [];
};

const withPre = (pre: string): GgufMetadata =>
  new Map<string, GgufValue>([...metadata, ["tokenizer.ggml.pre", { type: "string", value: pre }]]);

describe("the embedded model's tokenizer", () => {
  it.each(oracle.tests)("encodes $text as Hugging Face does, special tokens parsed", ({ text, ids }) => {
    expect(embedded.encode(text, { special: true })).toEqual(ids);
  });

  it.each(oracle.tests)("encodes $text as Hugging Face does, taken literally", ({ text, ids, ids_plain }) => {
    expect(embedded.encode(text)).toEqual(ids_plain ?? ids);
  });

  it("has forty reference strings, some with special tokens in them", () => {
    expect(oracle.tests).toHaveLength(40);
    expect(oracle.tests.some((test) => test.ids_plain !== undefined)).toBe(true);
  });

  it("knows its special tokens", () => {
    expect(embedded).toMatchObject({ vocabSize: 4096, bos: 0, eos: 1, addBos: true, addEos: false });
    expect([...embedded.eog]).toEqual([1]);
    expect(embedded.encode("a", { addBos: true })).toEqual([0, 66]);
    expect([embedded.isSpecial(0), embedded.isSpecial(66), embedded.idOf("<eos>")]).toEqual([true, false, 1]);
  });

  it("leaves control tokens out of decoded text unless asked", () => {
    expect(embedded.decode([0, 66, 1])).toBe("a");
    expect(embedded.decode([0, 66, 1], { special: true })).toBe("<bos>a<eos>");
  });

  it("decodes what it encoded", () => {
    fc.assert(
      fc.property(text, (s) => {
        expect(embedded.decode(embedded.encode(s))).toBe(s);
      }),
    );
  });

  it("streams the same text, and never half a character", () => {
    fc.assert(
      fc.property(text, (s) => {
        const stream = embedded.streamDecoder();
        const parts = [...embedded.encode(s).map((id) => stream.push(id)), stream.end()];
        expect(parts.join("")).toBe(s);
        expect(parts.filter((part) => !s.includes("\ufffd") && part.includes("\ufffd"))).toEqual([]);
      }),
    );
  });

  it("ends a stream that breaks off inside a character with a replacement character", () => {
    const stream = embedded.streamDecoder();
    const [first = -1] = embedded.encode("é");
    expect(stream.push(first)).toBe("");
    expect(stream.end()).toBe("\ufffd");
  });

  it("refuses ids that it doesn't have", () => {
    expect(() => embedded.decode([4096])).toThrow(expect.objectContaining({ code: "tokenizer/id-range" }));
    expect(() => embedded.pieceBytes(-1)).toThrow(expect.objectContaining({ code: "tokenizer/id-range" }));
  });
});

// As the models' publishers write them in their tokenizer.json.
const split = (Regex: string) => ({ type: "Split", pattern: { Regex }, behavior: "Isolated", invert: false });
const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false };
const emptyNormalizer = { type: "Sequence", normalizers: [] };
const published: Readonly<Record<string, { normalizer: object | null; pre_tokenizer: object; ignore_merges?: boolean }>> = {
  "gpt-2": { normalizer: null, pre_tokenizer: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true } },
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

describe.each(Object.entries(published))("pre-tokenizer %s", (pre, { normalizer, pre_tokenizer, ignore_merges = false }) => {
  let ours: Tokenizer;
  let theirs: LibraryInstance;
  beforeAll(() => {
    ours = tokenizerFromGguf(withPre(pre));
    const vocab = Object.fromEntries(strings("tokenizer.ggml.tokens").map((token, id) => [token, id]));
    const added = ["<bos>", "<eos>"].map((content, id) => ({ id, content, special: true, normalized: false }));
    theirs = new LibraryTokenizer(
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
        expect(ours.encode(s, { special: true })).toEqual(theirs.encode(s, { add_special_tokens: false }).ids);
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
});

type LibraryInstance = InstanceType<typeof LibraryTokenizer>;

describe("a SentencePiece vocabulary", () => {
  const bytes = Array.from({ length: 256 }, (_, b) => `<0x${b.toString(16).toUpperCase().padStart(2, "0")}>`);
  const words = ["▁", "a", "b", "c", "▁a", "ab", "▁ab", "abc", "▁abc", "bc", "▁b", "▁c", "é", "▁▁"];
  const tokens = ["<unk>", "<s>", "</s>", ...bytes, ...words, "<|user|>"];
  const kinds = [2, 3, 3, ...bytes.map(() => 6), ...words.map(() => 1), 4];
  const scores = [0, 0, 0, ...bytes.map(() => 0), ...words.map((_, i) => -i), 0];
  const spm = (extra: readonly (readonly [string, GgufValue])[] = []): GgufMetadata =>
    new Map<string, GgufValue>([
      ["tokenizer.ggml.model", { type: "string", value: "llama" }],
      ["tokenizer.ggml.tokens", { type: "array", of: "string", value: tokens }],
      ["tokenizer.ggml.token_type", { type: "array", of: "i32", value: Int32Array.from(kinds) }],
      ["tokenizer.ggml.scores", { type: "array", of: "f32", value: Float32Array.from(scores) }],
      ["tokenizer.ggml.bos_token_id", { type: "u32", value: 1 }],
      ["tokenizer.ggml.eos_token_id", { type: "u32", value: 2 }],
      ["tokenizer.ggml.unknown_token_id", { type: "u32", value: 0 }],
      ...extra,
    ]);
  const pieces = (tokenizer: Tokenizer, text: string, special = false) =>
    tokenizer.encode(text, { special }).map((id) => tokens[id]);

  it("puts a space in front and forms the best-scored pieces first", () => {
    const tokenizer = tokenizerFromGguf(spm());
    expect(tokenizer.addBos).toBe(true);
    expect(pieces(tokenizer, "abc a")).toEqual(["▁abc", "▁a"]);
    expect(pieces(tokenizer, "bc")).toEqual(["▁", "bc"]);
  });

  it("writes unknown characters as bytes", () => {
    expect(pieces(tokenizerFromGguf(spm()), "ü")).toEqual(["▁", "<0xC3>", "<0xBC>"]);
  });

  it("leaves out the space where the file says so", () => {
    const tokenizer = tokenizerFromGguf(spm([["tokenizer.ggml.add_space_prefix", { type: "bool", value: false }]]));
    expect(pieces(tokenizer, "abc")).toEqual(["abc"]);
    expect(tokenizer.decode(tokenizer.encode(" a"))).toBe(" a");
  });

  it("reads control tokens only when asked, the user's own always", () => {
    const tokenizer = tokenizerFromGguf(spm());
    expect(pieces(tokenizer, "<s>a", true)).toEqual(["<s>", "▁a"]);
    expect(tokenizer.encode("<s>a")).not.toContain(1);
    expect(pieces(tokenizer, "a<|user|>b")).toEqual(["▁a", "<|user|>", "▁b"]);
  });

  it("decodes what it encoded, whole and as a continuation", () => {
    const tokenizer = tokenizerFromGguf(spm());
    const odd = fc.string({ unit: fc.constantFrom("a", "b", "c", " ", "é", "ü", "中", "😀"), maxLength: 30 });
    fc.assert(
      fc.property(odd, (s) => {
        const ids = tokenizer.encode(s);
        expect(tokenizer.decode(ids)).toBe(s);
        const stream = tokenizer.streamDecoder();
        expect(ids.map((id) => stream.push(id)).join("") + stream.end()).toBe(s === "" ? "" : ` ${s}`);
      }),
    );
  });

  it("equals the library run on the tokenizer.json that Hugging Face's converter makes", () => {
    const theirs = new LibraryTokenizer(
      {
        version: "1.0",
        added_tokens: [0, 1, 2, tokens.length - 1].map((id) => ({
          id,
          content: tokens[id],
          special: true,
          normalized: false,
        })),
        normalizer: {
          type: "Sequence",
          normalizers: [
            { type: "Prepend", prepend: "▁" },
            { type: "Replace", pattern: { String: " " }, content: "▁" },
          ],
        },
        pre_tokenizer: null,
        post_processor: null,
        decoder: null,
        model: {
          type: "BPE",
          unk_token: "<unk>",
          fuse_unk: true,
          byte_fallback: true,
          vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
          merges: ["▁ a", "a b", "▁a b", "▁ ab", "ab c", "a bc", "▁ab c", "▁a bc", "▁ abc", "b c", "▁ b", "▁ c", "▁ ▁"],
        },
      },
      {},
    );
    const ours = tokenizerFromGguf(spm());
    fc.assert(
      fc.property(fc.oneof(text, fc.string({ unit: fc.constantFrom("a", "b", "c", " ", "<s>", "é"), maxLength: 20 })), (s) => {
        expect(ours.encode(s, { special: true })).toEqual(theirs.encode(s, { add_special_tokens: false }).ids);
      }),
    );
  });
});

describe("a vocabulary that can't be used", () => {
  const changed = (...changes: readonly (readonly [string, GgufValue | undefined])[]): GgufMetadata => {
    const copy = new Map<string, GgufValue>(metadata);
    for (const [key, value] of changes) {
      if (value === undefined) copy.delete(key);
      else copy.set(key, value);
    }
    return copy;
  };
  const text = (value: string): GgufValue => ({ type: "string", value });

  it.each<[string, string, (readonly [string, GgufValue | undefined])[]]>([
    ["missing", "no vocabulary", [["tokenizer.ggml.tokens", undefined]]],
    ["unknown-pre", "an unknown pre-tokenizer", [["tokenizer.ggml.pre", text("my-own")]]],
    ["unknown-model", "an unknown kind", [["tokenizer.ggml.model", text("bert")]]],
    ["length", "types of another length", [["tokenizer.ggml.token_type", { type: "array", of: "i32", value: new Int32Array(3) }]]],
    ["id-range", "an end token outside", [["tokenizer.ggml.eos_token_id", { type: "u32", value: 4096 }]]],
  ])("is refused with tokenizer/%s: %s", (code, _what, changes) => {
    expect(() => tokenizerFromGguf(changed(...changes))).toThrow(
      expect.objectContaining({ code: `tokenizer/${code}`, hint: expect.any(String) }),
    );
  });

  it.each<[string, string, readonly [string, GgufValue | undefined]]>([
    ["no-merges", "no merges", ["tokenizer.ggml.merges", undefined]],
    ["bad-merge", "a merge of one part", ["tokenizer.ggml.merges", { type: "array", of: "string", value: ["ab"] }]],
  ])("is refused at the first use with tokenizer/%s: %s", (code, _what, change) => {
    expect(() => tokenizerFromGguf(changed(change)).encode("a")).toThrow(
      expect.objectContaining({ code: `tokenizer/${code}` }),
    );
  });

  it("says so when a text can't be expressed, and drops nothing", () => {
    const tokenizer = tokenizerFromGguf(
      new Map<string, GgufValue>([
        ["tokenizer.ggml.model", text("gpt2")],
        ["tokenizer.ggml.tokens", { type: "array", of: "string", value: ["a", "b"] }],
        ["tokenizer.ggml.merges", { type: "array", of: "string", value: [] }],
      ]),
    );
    expect(tokenizer.encode("ab")).toEqual([0, 1]);
    expect(() => tokenizer.encode("abc")).toThrow(expect.objectContaining({ code: "tokenizer/inexpressible" }));
  });
});
