import { coreOps } from "@tensorplan/ir";
import fc from "fast-check";
import { expect, test } from "vitest";
import { explain } from "../explain/explain.ts";
import { ruleUses } from "../explain/ruleUses.ts";
import { plan } from "../plan/makePlan.ts";
import type { Plan } from "../plan/plan.ts";
import { planHash, planToJson } from "../plan/planJson.ts";
import { profile, rule } from "../testing/fixtures.ts";
import { shardModel } from "../testing/shardModel.ts";

const graph = shardModel({ embd: 64, ffn: 96, expertFfn: 64, vocab: 64, dtype: "f16" });
const devices = [profile("host"), profile("a"), profile("b"), profile("c")];
const ffn = rule("networks", { weight: "blk.0.*" }, { shard: { axis: "ffn", devices: ["a", "b"] } });
const of = (rules: Parameters<typeof plan>[0]["rules"], more: object = {}): Plan =>
  plan({ graph, ops: coreOps, devices, rules: rules ?? [], ...more });

const homes = ({ weights }: Plan) =>
  Object.fromEntries(weights.map(({ weight, copies }) => [weight, copies.map(({ device }) => device)]));
const nodes = ({ nodes: all, variants }: Plan) =>
  Object.fromEntries(
    (variants[0]?.nodes ?? []).map(({ node, device }) => [all[node]?.id ?? "", device] as const),
  );
const weightBytes = ({ weights }: Plan) =>
  weights.flatMap(({ copies }) => copies).reduce((sum, { bytes }) => sum + bytes, 0);

test("parts live and run on their devices, by rules that name the shard rule", () => {
  const made = of([ffn]);
  expect(homes(made)).toMatchObject({
    "blk.0.gate.weight@0": ["a"],
    "blk.0.gate.weight@1": ["b"],
    "blk.0.down.weight@0": ["a"],
    "blk.0.down.weight@1": ["b"],
    "blk.1.down.weight": ["host"],
  });
  expect(nodes(made)).toMatchObject({
    "blk.0.up@0": "a",
    "blk.0.up@1": "b",
    "blk.0.down@0": "a",
    "blk.0.down@1": "b",
    "blk.0.down": "a",
    "blk.0.residual": "a",
  });
  expect(made.variants[0]?.transfers.map(({ value, from, to }) => [value, from, to])).toEqual([
    ["blk.0.norm", "host", "a"],
    ["blk.0.norm", "host", "b"],
    ["blk.0.down@1", "b", "a"],
    ["blk.0.residual", "a", "host"],
  ]);
  expect(weightBytes(made)).toBe(weightBytes(of([])));
  const [use] = ruleUses(made);
  expect(use).toMatchObject({ name: "networks", kind: "shard", weights: 6 });
  expect(explain(made, "blk.0.down.weight@1", {})).toContain(
    "because of rule 'networks: weights of part 1' (made by 'networks': part 1: positions 48 to 95 of ffn)",
  );
});

test("slices of an operand are made where it is", () => {
  const made = of([rule("sum", { weight: "output*" }, { shard: { axis: "embd", devices: ["a", "b"] } })]);
  expect(nodes(made)).toMatchObject({
    "output@slice0": "host",
    "output@slice1": "host",
    "output@0": "a",
    output: "a",
  });
});

test("a rule in front of the shard rule has the first word about its parts", () => {
  const first = rule("together on c", { path: "blk.0.down" }, { place: "c" });
  expect(nodes(of([first, ffn]))["blk.0.down"]).toBe("c");
  expect(() => of([ffn, { ...first, name: "late" }])).toThrow(
    expect.objectContaining({ code: "rules/shadowed" }),
  );
});

test("weights in parts can't be mapped, and can't be left to a solver", () => {
  const map = rule("map", {}, { map: "file" });
  expect(() => of([ffn, map])).toThrow(expect.objectContaining({ code: "residence/map" }));
  const goal = rule("best", {}, { optimise: "decode" });
  expect(() => of([ffn, goal])).toThrow(expect.objectContaining({ code: "optimise/shard" }));
});

test("without strictness what can't be cut stays whole, with a warning", () => {
  const norm = rule("norms", { weight: "*norm*" }, { shard: { axis: "embd", devices: ["a", "b"] } });
  const { warnings } = of([norm], { strict: false });
  expect(warnings).toContainEqual(
    expect.objectContaining({ message: expect.stringContaining("rule 'norms' (api) decides nothing") }),
  );
});

test("a plan's own rules give the plan again, and parts take the bytes of the whole", () => {
  const random = fc.record({
    axis: fc.constantFrom("ffn", "expert_ffn", "vocab", "embd"),
    weight: fc.constantFrom("*", "blk.*", "*down*", "output*"),
    over: fc.shuffledSubarray(["a", "b", "c"], { minLength: 2 }),
  });
  const whole = weightBytes(of([]));
  fc.assert(
    fc.property(random, ({ axis, weight, over }) => {
      const shard = rule(
        "r",
        { weight },
        { shard: { axis, devices: over } },
        { else: "next", optional: true },
      );
      const made = of([shard]);
      const again = of(made.rules);
      expect(planToJson(again)).toBe(planToJson(made));
      expect(planHash(again)).toBe(planHash(made));
      expect(weightBytes(made)).toBe(whole);
    }),
    { numRuns: 25 },
  );
});
