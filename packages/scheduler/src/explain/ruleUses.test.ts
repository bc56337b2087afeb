import { coreOps } from "@tensorplan/ir";
import { expect, test } from "vitest";
import { plan } from "../plan/makePlan.ts";
import { profile, rule, tinyModel } from "../testing/fixtures.ts";
import { formatPlanSummary } from "./formatPlanSummary.ts";
import { formatRules } from "./formatRules.ts";
import { ruleUses } from "./ruleUses.ts";

const graph = tinyModel(2);
const devices = [profile("cpu"), profile("cuda:0", { without: ["add"], hostMemory: false })];
const made = plan({
  graph,
  ops: coreOps,
  devices,
  rules: [
    rule("second layer", { layer: { atLeast: 1 } }, { store: "cuda:0" }),
    rule("long sums", { op: "add", phase: "prefill" }, { place: "cpu" }),
    rule("sums", { op: "add" }, { place: "cuda:0" }, { else: "next" }),
  ],
});
const use = (name: string) => ruleUses(made).find((each) => each.name === name);

test("the list is whole, in order, and says what each rule decided in each variant", () => {
  expect(ruleUses(made).map(({ name }) => name)).toEqual(made.rules.map(({ name }) => name));
  expect(use("second layer")).toMatchObject({
    position: 1,
    kind: "store",
    selects: "layer at least 1",
    does: "on cuda:0",
    else: "error",
    weights: 5,
    caches: 2,
  });
  const nodes = (name: string) => use(name)?.variants.map((each) => each.nodes);
  expect(made.variants.map(({ id }) => id)).toEqual(["decode", "prefill"]);
  expect(nodes("long sums")).toEqual([0, 2]);
  expect(nodes("sums")).toEqual([0, 0]);
  expect(use("sums")?.variants.map(({ refused }) => refused)).toEqual([2, 0]);
});

test("every node, lowering, weight, cache and copy is some rule's", () => {
  const uses = ruleUses(made);
  const sum = (of: (each: (typeof uses)[number]) => number) => uses.reduce((all, each) => all + of(each), 0);
  expect(sum(({ weights }) => weights)).toBe(made.weights.length);
  expect(sum(({ caches }) => caches)).toBe(made.states.length);
  made.variants.forEach((variant, i) => {
    expect(sum((each) => each.variants[i]?.nodes ?? 0)).toBe(
      variant.nodes.filter(({ decision }) => decision >= 0).length,
    );
    expect(sum((each) => each.variants[i]?.lowerings ?? 0)).toBe(variant.lowerings.length);
    expect(sum((each) => each.variants[i]?.transfers ?? 0)).toBe(variant.transfers.length);
  });
});

test("the table names kinds, origins, words and counts; idle defaults are listed too", () => {
  const text = formatRules(made);
  expect(text).toMatch(
    /^ 1 {2}store +second layer +api +layer at least 1 +on cuda:0 +error +5 weights; 2 caches$/m,
  );
  expect(text).toMatch(/^ 2 .* add, prefill +on cpu +error +prefill 2 nodes$/m);
  expect(text).toMatch(/^ 3 .* nothing; refused and passed on: decode 2 times$/m);
  expect(text).toMatch(/experts in one kernel +default +moe +fused +next +nothing$/m);
});

test("the summary names rules that gave way", () => {
  expect(formatPlanSummary(made)).toContain("rule 'sums' could not be obeyed 2 times and gave way");
});
