import { expect, test } from "vitest";
import { rulesFromJson, rulesToJson } from "./json.ts";
import type { Rule } from "./rule.ts";

const rules: readonly Rule[] = [
  {
    name: "experts stay home",
    origin: { kind: "file", path: "r.json" },
    when: { weight: { regex: "_exps" }, layer: { atLeast: 3 }, not: { dtype: "f32" } },
    do: { store: "cpu", layout: "rows" },
    else: "error",
    why: "they are large",
  },
  {
    name: "long prompts",
    origin: { kind: "file", path: "r.json" },
    when: { or: [{ op: ["moe"] }, { path: "blk.*" }], tokensPerSequence: { atLeast: 32, below: 64 } },
    do: { lower: ["fused", "primitives"] },
    else: "next",
  },
  {
    name: "near q",
    origin: { kind: "file", path: "r.json" },
    when: { op: "rope" },
    do: { follow: { operand: "x" } },
    else: "next",
  },
];

test("rules survive being written and read", () => {
  expect(rulesFromJson(rulesToJson(rules), "r.json")).toEqual(rules);
});

test("a rule without `else` stops with an error", () => {
  const [rule] = rulesFromJson(
    '{"schema":"tensorplan.rules/1","rules":[{"name":"a","when":{},"do":{"place":"cpu"}}]}',
    "r.json",
  );
  expect(rule?.else).toBe("error");
});

test.each([
  ["not JSON", "{", /r\.json isn't a rule file/],
  ["another schema", '{"schema":"x","rules":[]}', /schema/],
  [
    "a field that doesn't exist",
    '{"schema":"tensorplan.rules/1","rules":[{"name":"a","when":{"ops":"x"},"do":{"place":"cpu"}}]}',
    /ops/,
  ],
  [
    "an unknown element type",
    '{"schema":"tensorplan.rules/1","rules":[{"name":"a","when":{"dtype":"q9"},"do":{"place":"cpu"}}]}',
    /rules\.0\.when\.dtype/,
  ],
  ["no action", '{"schema":"tensorplan.rules/1","rules":[{"name":"a","when":{}}]}', /rules\.0/],
])("refuses %s and says where", (_, text, where) => {
  expect(() => rulesFromJson(text, "r.json")).toThrow(
    expect.objectContaining({ code: "rules/file", message: expect.stringMatching(where) }),
  );
});
