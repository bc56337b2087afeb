import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { GgufMetadata, GgufValue } from "../gguf/ggufValue.ts";
import { Tokenizer as Library } from "./library.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { tokenizerFromGguf } from "./tokenizerFromGguf.ts";

/** Any text that UTF-8 can carry, odd characters of every plane included. */
const anyText = fc.string({ unit: "binary", maxLength: 60 });

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
    const tokenizer = tokenizerFromGguf(
      spm([["tokenizer.ggml.add_space_prefix", { type: "bool", value: false }]]),
    );
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
    const theirs = new Library(
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
          merges: [
            "▁ a",
            "a b",
            "▁a b",
            "▁ ab",
            "ab c",
            "a bc",
            "▁ab c",
            "▁a bc",
            "▁ abc",
            "b c",
            "▁ b",
            "▁ c",
            "▁ ▁",
          ],
        },
      },
      {},
    );
    const ours = tokenizerFromGguf(spm());
    fc.assert(
      fc.property(
        fc.oneof(
          anyText,
          fc.string({ unit: fc.constantFrom("a", "b", "c", " ", "<s>", "é"), maxLength: 20 }),
        ),
        (s) => {
          expect(ours.encode(s, { special: true })).toEqual(
            theirs.encode(s, { add_special_tokens: false }).ids,
          );
        },
      ),
    );
  });
});
