import { size } from "@tensorplan/ir";
import { expect, test } from "vitest";
import { type Box, wholeBox } from "../variants/box.ts";
import type { Selector } from "./rule.ts";
import { compileSelector, type Facts, layerOf } from "./selector.ts";

const node: Facts = {
  kind: "node",
  id: "blk.3.attn.q",
  ops: ["latent_attention", "mla_attention"],
  within: ["blk.3.attn"],
  weights: [{ id: "blk.3.attn_q.weight", dtype: "q8_0", shape: [size(8), size(96), size(64)] }],
  states: [{ id: "cache.3.kv", dtype: "f16", shape: [size(512), size(32)] }],
  layer: 3,
  dimension: (name) => ({ "x.-1": size(64), "x.rows": size("tokens") })[name],
};
const decode: Box = { ...wholeBox, tokensPerSequence: { from: 1, below: 2 } };
const prefill: Box = { ...wholeBox, tokensPerSequence: { from: 128, below: null } };
const why = (selector: Selector, box = decode, facts = node) => compileSelector(selector)(facts, box);

test("an empty selector holds for everything", () => {
  expect(why({})).toBeUndefined();
});

test.each<[string, Selector]>([
  ["its own operation", { op: "latent_attention" }],
  ["the composite that it came from", { op: ["moe", "mla_attention"] }],
  ["a glob on the path", { path: "blk.*.q" }],
  ["the path of the composite that it came from", { path: "blk.*.attn" }],
  ["an expression on the path", { path: { regex: "attn\\.q$" } }],
  ["a weight's name", { weight: { regex: "attn_q" } }],
  ["a cache's name", { state: "cache.*" }],
  ["a layer", { layer: { atLeast: 3, below: 4 } }],
  ["a weight's type", { dtype: ["f16", "q8_0"] }],
  ["the phase", { phase: "decode" }],
  ["a size", { tokensPerSequence: { below: 2 } }],
  ["a weight's sizes", { shape: { rows: { atLeast: 768, below: 769 }, columns: { below: 65 } } }],
  ["a weight's elements and bytes", { shape: { elements: { atLeast: 49152 }, bytes: { below: 52225 } } }],
  ["a dimension of an operand", { dims: { "x.-1": { atLeast: 64 } } }],
  ["one of several", { or: [{ op: "add" }, { layer: { atLeast: 3 } }] }],
  ["all of several", { and: [{ layer: { below: 4 } }, { phase: "decode" }] }],
  ["the opposite", { not: { op: "add" } }],
])("holds by %s", (_, selector) => {
  expect(why(selector)).toBeUndefined();
});

test.each<[string, Selector]>([
  ["its operation isn't add or mul", { op: ["add", "mul"] }],
  ["its path doesn't match blk.*.k", { path: "blk.*.k" }],
  ["it has no weight that matches /exps/", { weight: { regex: "exps" } }],
  ["its layer isn't 4 to 9", { layer: { atLeast: 4, below: 10 } }],
  ["it isn't stored as f32", { dtype: "f32" }],
  ["tokensPerSequence isn't at least 2", { phase: "prefill" }],
  [
    "it reads no weight of at least 9 rows and below 64 columns",
    { shape: { rows: { atLeast: 9 }, columns: { below: 64 } } },
  ],
  ["its dimension x.-1 isn't below 64", { dims: { "x.-1": { below: 64 } } }],
  ["its dimension x.rows changes from step to step", { dims: { "x.rows": { atLeast: 1 } } }],
  ["it has no dimension w.0", { dims: { "w.0": { atLeast: 1 } } }],
  ["it is excluded", { not: { layer: { atLeast: 3 } } }],
  ["its operation isn't add, and its layer isn't below 3", { or: [{ op: "add" }, { layer: { below: 3 } }] }],
  ["it isn't a weight", { kind: "weight" }],
])("says why it doesn't hold: %s", (reason, selector) => {
  expect(why(selector)).toBe(reason);
});

test("a glob matches the whole name and takes dots literally", () => {
  expect(why({ path: "blk.3.att" })).toBeDefined();
  expect(why({ path: "blk?3*" })).toBeDefined();
});

test("sizes are looked for in the variant's box", () => {
  expect(why({ tokensPerSequence: { atLeast: 128 } }, prefill)).toBeUndefined();
  expect(why({ tokensPerSequence: { atLeast: 128 } }, decode)).toBe("tokensPerSequence isn't at least 128");
});

test("finds layers in paths, weights and caches, and only there", () => {
  expect([
    layerOf("blk.12.attn.q"),
    layerOf("cache.7.kv"),
    layerOf("output.weight"),
    layerOf("sublk.1.x"),
  ]).toEqual([12, 7, undefined, undefined]);
});

test("an expression that can't compile is refused by name", () => {
  expect(() => compileSelector({ weight: { regex: "ffn_(" } })).toThrow(
    expect.objectContaining({ code: "rules/regex" }),
  );
});
