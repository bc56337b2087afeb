import { runInThisContext } from "node:vm";
import { dtypeNames } from "@tensorplan/ir";
import fc from "fast-check";
import { expect, test } from "vitest";
import { profile, tinyModel } from "../../testing/fixtures.ts";
import { defaultRules } from "../defaults.ts";
import { rulesFromText } from "../file/readRules.ts";
import { rulesToJson, rulesToYaml } from "../file/writeRules.ts";
import type { PlacementFlags } from "../flags/placementFlags.ts";
import { rulesFromFlags } from "../flags/rulesFromFlags.ts";
import type { Action, Pattern, Range, Rule, Selector } from "../rule.ts";
import { type RuleList, rules } from "./rules.ts";
import { rulesExpression, rulesToTypeScript } from "./rulesToTypeScript.ts";

const ids = ["cpu", "cuda:0", "cuda:1"] as const;

/** Runs the builder's expression. */
function evaluate(source: string): readonly Rule[] {
  const run = runInThisContext(`(rules) => (${source}).list`) as (
    builder: typeof rules,
  ) => RuleList<string>["list"];
  return run(rules);
}

/** flags or builder → JSON → YAML → TypeScript, back each time. */
function roundTrip(list: readonly Rule[]): void {
  const fromJson = rulesFromText(rulesToJson(list), "r.json");
  expect(fromJson).toEqual(list);
  const fromYaml = rulesFromText(rulesToYaml(fromJson), "r.yaml");
  expect(fromYaml).toEqual(list);
  const built = evaluate(rulesExpression(fromYaml, ids));
  expect(built).toEqual(list);
  expect(rulesExpression(built, ids)).toBe(rulesExpression(list, ids));
}

test("the builder makes the rules that a file would", () => {
  const list = rules(ids)
    .store("experts", { weight: { regex: "_exps" }, layer: { atLeast: 3 } }, "cpu", {
      layout: "rows",
      why: "large",
    })
    .place("sums", { op: "add", phase: "decode" }, "cuda:0")
    .lower("long", { op: "moe", tokens: { atLeast: 64 } }, ["fused", "primitives"], { else: "next" }).list;
  expect(list).toEqual([
    {
      name: "experts",
      origin: { kind: "api" },
      when: { weight: { regex: "_exps" }, layer: { atLeast: 3 } },
      do: { store: "cpu", layout: "rows" },
      else: "error",
      why: "large",
    },
    {
      name: "sums",
      origin: { kind: "api" },
      when: { op: "add", phase: "decode" },
      do: { place: "cuda:0" },
      else: "error",
    },
    {
      name: "long",
      origin: { kind: "api" },
      when: { op: "moe", tokens: { atLeast: 64 } },
      do: { lower: ["fused", "primitives"] },
      else: "next",
    },
  ]);
});

test("the source reads as one would write it", () => {
  const { list } = rules(ids).place("experts", { weight: "*_exps*", dims: { "x.-1": { below: 4 } } }, "cpu");
  expect(rulesToTypeScript(list, ids)).toBe(
    [
      'import { rules } from "@tensorplan/scheduler";',
      "",
      'export default rules(["cpu", "cuda:0", "cuda:1"])',
      '  .place("experts", { dims: { "x.-1": { below: 4 } }, weight: "*_exps*" }, "cpu")',
      "  .list;",
      "",
    ].join("\n"),
  );
});

const graph = tinyModel(4);
const devices = ids.map((id) => profile(id, { hostMemory: id === "cpu" }));

const flags: fc.Arbitrary<PlacementFlags> = fc
  .record(
    {
      gpuLayers: fc.integer({ min: 1, max: 9 }),
      overrideTensors: fc.array(
        fc.constantFrom(
          "exps=CPU",
          "blk\\.[0-9]{1,2}\\.q=CUDA1,a'\"b=cuda:0",
          "^#: [x]=cpu",
          "ünï\u2028=CUDA0",
        ),
      ),
      cpuExperts: fc.boolean(),
      cpuExpertLayers: fc.integer({ min: 1, max: 9 }),
      noKvOffload: fc.boolean(),
      noOpOffload: fc.boolean(),
      split: fc.constantFrom({ tensorSplit: "3,1" }, { splitMode: "none", mainGpu: "1" } as const, {}),
    },
    { requiredKeys: ["gpuLayers", "split"] },
  )
  .map(({ split, ...rest }) => ({ ...rest, ...split }));

test("the rules of any flags survive JSON, YAML and TypeScript, defaults behind them", () => {
  fc.assert(
    fc.property(flags, (given) => {
      const list = rulesFromFlags(given, { graph, devices });
      roundTrip([...list, ...defaultRules({ devices: devices.map(({ id }) => id) })]);
    }),
    { numRuns: 60 },
  );
});

const text = fc.oneof(
  fc.string({ minLength: 1, maxLength: 8 }),
  fc.constantFrom("yes", "null", "1e3", "~", "a: b", "- c"),
);
const range: fc.Arbitrary<Range> = fc.record(
  { atLeast: fc.nat(99), below: fc.nat(999) },
  { requiredKeys: [] },
);
const pattern: fc.Arbitrary<Pattern> = fc.oneof(text, fc.record({ regex: text }));
const dtype = fc.constantFrom(...dtypeNames);
const several = fc.uniqueArray(fc.constantFrom(...ids), { minLength: 1 });

const fields = {
  op: fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 2 })),
  path: pattern,
  weight: pattern,
  state: pattern,
  kind: fc.constantFrom("weight" as const, "state" as const, "node" as const),
  layer: range,
  dtype: fc.oneof(dtype, fc.array(dtype, { minLength: 1, maxLength: 2 })),
  shape: fc.record({ rows: range, columns: range, elements: range, bytes: range }, { requiredKeys: [] }),
  dims: fc.dictionary(fc.constantFrom("x.-1", "w.0", "x.rows", "q.rank"), range, {
    maxKeys: 2,
    noNullPrototype: true,
  }),
  phase: fc.constantFrom("decode" as const, "prefill" as const),
  tokensPerSequence: range,
  tokens: range,
  context: range,
  sequences: range,
};
const flat: fc.Arbitrary<Selector> = fc.record(fields, { requiredKeys: [] });
const nestedIn = (inner: fc.Arbitrary<Selector>): fc.Arbitrary<Selector> =>
  fc.record(
    { ...fields, and: fc.array(inner, { maxLength: 1 }), or: fc.tuple(inner), not: inner },
    { requiredKeys: [] },
  );
const selector = nestedIn(fc.oneof(flat, nestedIn(flat)));

const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({ store: fc.constantFrom(...ids), layout: text }, { requiredKeys: ["store"] }),
  fc.record({ place: fc.constantFrom(...ids) }),
  fc.record({ prefer: several }),
  fc.record({
    follow: fc.oneof(
      fc.constantFrom("weight" as const, "state" as const, "latest" as const, "consumers" as const),
      fc.record({ operand: text }),
      fc.record({ value: text }),
    ),
  }),
  fc.record({ lower: fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 2 })) }),
  fc.constant({ map: "file" as const }),
  fc.record({ replicate: several }),
  fc.constant({ transfer: "activations" as const }),
  fc.record({ stream: several, above: fc.constant("break-even" as const) }, { requiredKeys: ["stream"] }),
  fc.record({
    shard: fc.record(
      { axis: text, devices: several, shares: fc.array(fc.constantFrom(1, 2.5, 3), { minLength: 1 }) },
      { requiredKeys: ["axis", "devices"] },
    ),
  }),
  fc.record({ optimise: text }),
);

const anyRule: fc.Arbitrary<Rule> = fc.record(
  {
    name: text,
    when: fc.oneof({ weight: 4, arbitrary: fc.constant({}) }, { weight: 3, arbitrary: selector }),
    do: action,
    else: fc.constantFrom("error", "next"),
    origin: fc.oneof(
      fc.record({ kind: fc.constant("flag" as const), text }),
      fc.record({ kind: fc.constant("file" as const), path: text }),
      fc.record({ kind: fc.constant("shard" as const), rule: text }),
      fc.record({ kind: fc.constantFrom("api" as const, "default" as const) }),
    ),
    why: text,
    fallback: fc.boolean(),
    optional: fc.boolean(),
  },
  { requiredKeys: ["name", "when", "do", "else", "origin"] },
);

test("any rules do, however they are spelled", () => {
  fc.assert(fc.property(fc.array(anyRule, { maxLength: 4 }), roundTrip), { numRuns: 150 });
});
