import { readFileSync } from "node:fs";
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { embeddedModelPath } from "../embeddedModelPath.ts";
import type { GgufMetadata, GgufValue } from "../gguf/ggufValue.ts";
import { openGguf } from "../gguf/openGguf.ts";
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
const anyText = fc.string({ unit: "binary", maxLength: 60 });
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
      fc.property(anyText, (s) => {
        expect(embedded.decode(embedded.encode(s))).toBe(s);
      }),
    );
  });

  it("streams the same text, and never half a character", () => {
    fc.assert(
      fc.property(anyText, (s) => {
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

describe("a vocabulary that can't be used", () => {
  const changed = (...changes: readonly (readonly [string, GgufValue | undefined])[]): GgufMetadata => {
    const copy = new Map<string, GgufValue>(metadata);
    for (const [key, value] of changes) {
      if (value === undefined) copy.delete(key);
      else copy.set(key, value);
    }
    return copy;
  };
  const stringValue = (value: string): GgufValue => ({ type: "string", value });

  it.each<[string, string, (readonly [string, GgufValue | undefined])[]]>([
    ["missing", "no vocabulary", [["tokenizer.ggml.tokens", undefined]]],
    ["unknown-pre", "an unknown pre-tokenizer", [["tokenizer.ggml.pre", stringValue("my-own")]]],
    ["unknown-model", "an unknown kind", [["tokenizer.ggml.model", stringValue("bert")]]],
    [
      "length",
      "types of another length",
      [["tokenizer.ggml.token_type", { type: "array", of: "i32", value: new Int32Array(3) }]],
    ],
    ["id-range", "an end token outside", [["tokenizer.ggml.eos_token_id", { type: "u32", value: 4096 }]]],
  ])("is refused with tokenizer/%s: %s", (code, _what, changes) => {
    expect(() => tokenizerFromGguf(changed(...changes))).toThrow(
      expect.objectContaining({ code: `tokenizer/${code}`, hint: expect.any(String) }),
    );
  });

  it.each<[string, string, readonly [string, GgufValue | undefined]]>([
    ["no-merges", "no merges", ["tokenizer.ggml.merges", undefined]],
    [
      "bad-merge",
      "a merge of one part",
      ["tokenizer.ggml.merges", { type: "array", of: "string", value: ["ab"] }],
    ],
  ])("is refused at the first use with tokenizer/%s: %s", (code, _what, change) => {
    expect(() => tokenizerFromGguf(changed(change)).encode("a")).toThrow(
      expect.objectContaining({ code: `tokenizer/${code}` }),
    );
  });

  it("says so when a text can't be expressed, and drops nothing", () => {
    const tokenizer = tokenizerFromGguf(
      new Map<string, GgufValue>([
        ["tokenizer.ggml.model", stringValue("gpt2")],
        ["tokenizer.ggml.tokens", { type: "array", of: "string", value: ["a", "b"] }],
        ["tokenizer.ggml.merges", { type: "array", of: "string", value: [] }],
      ]),
    );
    expect(tokenizer.encode("ab")).toEqual([0, 1]);
    expect(() => tokenizer.encode("abc")).toThrow(
      expect.objectContaining({ code: "tokenizer/inexpressible" }),
    );
  });
});
