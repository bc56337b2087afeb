import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { rulesFromText } from "./readRules.ts";
import { RULES_SCHEMA } from "./ruleSchema.ts";

const file = (rule: string) =>
  `schema: ${RULES_SCHEMA}\nrules:\n  - name: first\n    when: {}\n    do: { place: cpu }\n${rule}`;

test("reads YAML and JSON alike; a rule without `else` stops with an error and comes from the file", () => {
  const expected = [
    {
      name: "experts stay home",
      origin: { kind: "file", path: "r.yaml" },
      when: { weight: { regex: "_exps\\." }, layer: { atLeast: 3 }, not: { dtype: "f32" } },
      do: { store: "CPU", layout: "rows" },
      else: "error",
    },
  ];
  const yaml = `# why they do
schema: ${RULES_SCHEMA}
rules:
  - name: experts stay home
    when: { weight: { regex: '_exps\\.' }, layer: { atLeast: 3 }, not: { dtype: f32 } }
    do: { store: CPU, layout: rows }
`;
  expect(rulesFromText(yaml, "r.yaml")).toEqual(expected);
  const json = JSON.stringify({
    schema: RULES_SCHEMA,
    rules: expected.map(({ name, when, do: action }) => ({ name, when, do: action })),
  });
  expect(rulesFromText(json, "r.yaml")).toEqual(expected);
});

test("a rule keeps where it came from before it was written down", () => {
  const text = file("    origin: { kind: default }\n");
  expect(rulesFromText(text, "r.yaml")[0]?.origin).toEqual({ kind: "default" });
});

test.each<[string, string, RegExp]>([
  ["broken JSON", '{\n  "schema": "x",\n  "rules": [}', /^r\.yaml:3:\d+: /],
  ["broken YAML", "schema: x\nrules: [\n", /^r\.yaml:3:1: /],
  [
    "the same field twice",
    `schema: ${RULES_SCHEMA}\nschema: ${RULES_SCHEMA}\nrules: []\n`,
    /^r\.yaml:2:1: .*unique/,
  ],
  [
    "another schema",
    "schema: tensorplan.rules/9\nrules: []\n",
    /^r\.yaml:1:9: schema: .*tensorplan\.rules\/1/,
  ],
  ["a list", "- a\n", /^r\.yaml:1:1: /],
  ["nothing", "", /^r\.yaml/],
  [
    "a field that doesn't exist",
    file("  - name: a\n    when: { layer: { atLeast: 3 }, ops: moe }\n    do: { place: cpu }\n"),
    /^r\.yaml:7:36: rules\.1\.when: there is no field 'ops'$/,
  ],
  [
    "an unknown element type",
    file("  - name: a\n    when: { dtype: q9 }\n    do: { place: cpu }\n"),
    /^r\.yaml:7:20: rules\.1\.when\.dtype: /,
  ],
  [
    "no action",
    file("  - name: a\n    when: {}\n"),
    /^r\.yaml:6:5: rules\.1\.do: expected one action of store, /,
  ],
  [
    "an unknown action",
    file("  - name: a\n    when: {}\n    do: { put: cpu }\n"),
    /^r\.yaml:8:9: rules\.1\.do: expected one action of store, place, /,
  ],
  [
    "two actions",
    file("  - name: a\n    when: {}\n    do: { store: cpu, place: cpu }\n"),
    /^r\.yaml:8:9: rules\.1\.do: expected one action/,
  ],
  [
    "a wrong value of an action",
    file("  - name: a\n    when: {}\n    do: { prefer: cpu }\n"),
    /^r\.yaml:8:19: rules\.1\.do\.prefer: .*array/,
  ],
  [
    "a dimension that isn't one",
    file("  - name: a\n    when: { dims: { width: { below: 3 } } }\n    do: { place: cpu }\n"),
    /^r\.yaml:7:21: rules\.1\.when\.dims: 'width' names no dimension/,
  ],
  [
    "a number that isn't whole",
    file("  - name: a\n    when: { layer: { below: 1.5 } }\n"),
    /^r\.yaml:7:29: .*below/,
  ],
])("refuses %s and names line and column", (_, text, message) => {
  expect(() => rulesFromText(text, "r.yaml")).toThrow(
    expect.objectContaining({ code: "rules/file", message: expect.stringMatching(message) }),
  );
});

test("aliases that would unfold without end are refused", () => {
  const bomb = [
    "a: &a [x, x, x, x, x, x, x, x, x]",
    ..."bcdefgh".split("").map((name, i) => {
      const before = `*${"abcdefgh"[i]}`;
      return `${name}: &${name} [${Array.from({ length: 9 }, () => before).join(", ")}]`;
    }),
  ].join("\n");
  expect(() => rulesFromText(bomb, "r.yaml")).toThrow(expect.objectContaining({ code: "rules/file" }));
});

test("the example in docs/rules.md is a rule file", () => {
  const text = readFileSync(new URL("../../../../../docs/rules.md", import.meta.url), "utf8");
  const [, example = ""] = /```yaml\n([^`]*)```/.exec(text) ?? [];
  expect(rulesFromText(example, "docs/rules.md")).toEqual([
    expect.objectContaining({ do: { store: "cpu" }, else: "error", optional: true, why: "they don't fit" }),
  ]);
});
