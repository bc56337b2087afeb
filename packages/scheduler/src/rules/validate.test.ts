import { expect, test } from "vitest";
import { rule } from "../testing/fixtures.ts";
import { defaultRules } from "./defaults.ts";
import type { Rule } from "./rule.ts";
import { ruleBook } from "./ruleBook.ts";
import { validateRules } from "./validate.ts";

const check = (...rules: readonly Rule[]) => validateRules(rules, ["cpu", "cuda:0"]);

test("accepts the defaults", () => {
  expect(() => check(...defaultRules({ devices: ["cpu" as never, "cuda:0" as never] }))).not.toThrow();
});

test.each<[string, string, readonly Rule[]]>([
  [
    "two rules of one name",
    "rules/duplicate-name",
    [rule("a", {}, { place: "cpu" }), rule("a", {}, { place: "cpu" })],
  ],
  ["a device that isn't there", "rules/unknown-device", [rule("a", {}, { prefer: ["cpu", "gpu"] })]],
  ["streaming caches", "rules/stream-selector", [rule("a", { kind: "state" }, { stream: ["cuda:0"] })]],
  [
    "cutting caches",
    "rules/shard-selector",
    [rule("a", { kind: "state" }, { shard: { axis: "ffn", devices: ["cpu", "cuda:0"] } })],
  ],
  [
    "cutting what an operation reads",
    "rules/store-selector",
    [rule("a", { op: "matmul" }, { shard: { axis: "ffn", devices: ["cpu", "cuda:0"] } })],
  ],
  [
    "cutting over one device",
    "rules/shard-devices",
    [rule("a", {}, { shard: { axis: "ffn", devices: ["cpu", "cpu"] } })],
  ],
  [
    "a share for one device of two",
    "rules/shard-shares",
    [rule("a", {}, { shard: { axis: "ffn", devices: ["cpu", "cuda:0"], shares: [1] } })],
  ],
  ["optimising", "rules/deferred", [rule("a", {}, { optimise: "decode" })]],
  ["residence by operation", "rules/store-selector", [rule("a", { op: "matmul" }, { store: "cpu" })]],
  [
    "residence by an operand's size",
    "rules/store-selector",
    [rule("a", { dims: { "x.0": {} } }, { store: "cpu" })],
  ],
  ["a dimension without a number", "rules/dimension", [rule("a", { dims: { x: {} } }, { place: "cpu" })]],
  [
    "an empty range of bytes",
    "rules/empty-range",
    [rule("a", { shape: { bytes: { below: 0 } } }, { store: "cpu" })],
  ],
  ["residence by size", "rules/store-selector", [rule("a", { not: { phase: "decode" } }, { store: "cpu" })]],
  ["an empty range", "rules/empty-range", [rule("a", { layer: { atLeast: 4, below: 4 } }, { place: "cpu" })]],
])("refuses %s and names the rule", (_, code, rules) => {
  expect(() => check(...rules)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining("rule 'a' (api)") }),
  );
});

test("there are no defaults without devices", () => {
  expect(() => defaultRules({ devices: [] })).toThrow(expect.objectContaining({ code: "plan/no-devices" }));
});

test("an expression that can't compile is an error that names the rule", () => {
  expect(() => ruleBook([rule("a", { and: [{ weight: { regex: "ffn_(" } }] }, { store: "cpu" })])).toThrow(
    expect.objectContaining({
      code: "rules/regex",
      message: expect.stringContaining("rule 'a' (api): /ffn_(/ isn't a regular expression"),
    }),
  );
});
