import { coreOps, printGraph, validateGraph } from "@tensorplan/ir";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Rule } from "../rules/rule.ts";
import { rule } from "../testing/fixtures.ts";
import { logitsOf, shardModel } from "../testing/shardModel.ts";
import { shard } from "./shard.ts";

const sizes = { embd: 64, ffn: 96, expertFfn: 64, vocab: 50, dtype: "q8_0" } as const;
const model = shardModel(sizes);
const devices = ["a", "b", "c"];
const cut = (name: string, weight: string, axis: string, more: Partial<Rule> = {}, over = ["a", "b"]) =>
  rule(name, { weight }, { shard: { axis, devices: over } }, more);
const sharded = (...rules: readonly Rule[]) => shard(model, coreOps, rules, devices);

/** Lines about nodes and weights of one layer. */
const layer = (graph: ReturnType<typeof sharded>["graph"], path: string) =>
  printGraph(graph)
    .split("\n")
    .filter((line) => line.startsWith(path) || line.startsWith(`weight ${path}`));

test("without shard rules nothing changes", () => {
  const rules = [rule("all", {}, { store: "a" })];
  expect(shard(model, coreOps, rules, devices)).toEqual({ graph: model, rules, idle: [] });
  expect(shard(model, coreOps, rules, devices).graph).toBe(model);
});

test("a feed-forward network stays in parts until its sum", () => {
  const { graph, rules } = sharded(cut("ffn", "blk.0.*", "ffn"));
  expect(layer(graph, "blk.0")).toMatchInlineSnapshot(`
    [
      "weight blk.0.norm.weight: f32[embd]",
      "weight blk.0.gate.weight@0: q8_0[ffn[0:64], embd] <- head-rows(blk.0.gate.weight) {firstRow=0, groupRows=96, heads=1, rows=64}",
      "weight blk.0.gate.weight@1: q8_0[ffn[64:96], embd] <- head-rows(blk.0.gate.weight) {firstRow=64, groupRows=96, heads=1, rows=32}",
      "weight blk.0.up.weight@0: q8_0[ffn[0:64], embd] <- head-rows(blk.0.up.weight) {firstRow=0, groupRows=96, heads=1, rows=64}",
      "weight blk.0.up.weight@1: q8_0[ffn[64:96], embd] <- head-rows(blk.0.up.weight) {firstRow=64, groupRows=96, heads=1, rows=32}",
      "weight blk.0.down.weight@0: q8_0[embd, ffn[0:64]] <- columns(blk.0.down.weight) {columns=64, firstColumn=0}",
      "weight blk.0.down.weight@1: q8_0[embd, ffn[64:96]] <- columns(blk.0.down.weight) {columns=32, firstColumn=64}",
      "blk.0.norm = rms_norm(x=x, weight=blk.0.norm.weight) {eps=0.000001} -> f32[tokens, embd]",
      "blk.0.up@0 = gate_up_swiglu(x=blk.0.norm, gate=blk.0.gate.weight@0, up=blk.0.up.weight@0) -> f32[tokens, ffn[0:64]]  ; shard 'ffn' of blk.0.up",
      "blk.0.up@1 = gate_up_swiglu(x=blk.0.norm, gate=blk.0.gate.weight@1, up=blk.0.up.weight@1) -> f32[tokens, ffn[64:96]]  ; shard 'ffn' of blk.0.up",
      "blk.0.down@0 = matmul(x=blk.0.up@0, w=blk.0.down.weight@0) -> f32[tokens, embd]  ; shard 'ffn' of blk.0.down",
      "blk.0.down@1 = matmul(x=blk.0.up@1, w=blk.0.down.weight@1) -> f32[tokens, embd]  ; shard 'ffn' of blk.0.down",
      "blk.0.down = add(a=blk.0.down@0, b=blk.0.down@1) -> f32[tokens, embd]  ; shard 'ffn' of blk.0.down",
      "blk.0.residual = add(a=x, b=blk.0.down) -> f32[tokens, embd]",
    ]
  `);
  expect(rules.slice(1).map(({ name, when, do: action }) => [name, when, action])).toMatchInlineSnapshot(`
    [
      [
        "ffn: weights of part 0",
        {
          "kind": "weight",
          "weight": "*@0",
        },
        {
          "store": "a",
        },
      ],
      [
        "ffn: nodes of part 0",
        {
          "path": "*@0",
        },
        {
          "place": "a",
        },
      ],
      [
        "ffn: weights of part 1",
        {
          "kind": "weight",
          "weight": "*@1",
        },
        {
          "store": "b",
        },
      ],
      [
        "ffn: nodes of part 1",
        {
          "path": "*@1",
        },
        {
          "place": "b",
        },
      ],
      [
        "ffn: parts come together",
        {
          "path": {
            "regex": "^(?:blk\\.(?:0)\\.down)$",
          },
        },
        {
          "place": "a",
        },
      ],
    ]
  `);
  expect(rules[1]).toMatchObject({ else: "error", origin: { kind: "shard", rule: "ffn" }, optional: true });
});

test("products and an activation apart stay in parts too", () => {
  const { graph } = sharded(cut("ffn", "blk.1.*", "ffn", {}, devices));
  expect(layer(graph, "blk.1").filter((line) => !line.startsWith("weight"))).toMatchInlineSnapshot(`
    [
      "blk.1.gate@0 = matmul(x=blk.0.residual, w=blk.1.gate.weight@0) -> f32[tokens, ffn[0:32]]  ; shard 'ffn' of blk.1.gate",
      "blk.1.gate@1 = matmul(x=blk.0.residual, w=blk.1.gate.weight@1) -> f32[tokens, ffn[32:64]]  ; shard 'ffn' of blk.1.gate",
      "blk.1.gate@2 = matmul(x=blk.0.residual, w=blk.1.gate.weight@2) -> f32[tokens, ffn[64:96]]  ; shard 'ffn' of blk.1.gate",
      "blk.1.up@0 = matmul(x=blk.0.residual, w=blk.1.up.weight@0) -> f32[tokens, ffn[0:32]]  ; shard 'ffn' of blk.1.up",
      "blk.1.up@1 = matmul(x=blk.0.residual, w=blk.1.up.weight@1) -> f32[tokens, ffn[32:64]]  ; shard 'ffn' of blk.1.up",
      "blk.1.up@2 = matmul(x=blk.0.residual, w=blk.1.up.weight@2) -> f32[tokens, ffn[64:96]]  ; shard 'ffn' of blk.1.up",
      "blk.1.act@0 = swiglu(gate=blk.1.gate@0, up=blk.1.up@0) -> f32[tokens, ffn[0:32]]  ; shard 'ffn' of blk.1.act",
      "blk.1.act@1 = swiglu(gate=blk.1.gate@1, up=blk.1.up@1) -> f32[tokens, ffn[32:64]]  ; shard 'ffn' of blk.1.act",
      "blk.1.act@2 = swiglu(gate=blk.1.gate@2, up=blk.1.up@2) -> f32[tokens, ffn[64:96]]  ; shard 'ffn' of blk.1.act",
      "blk.1.down@0 = matmul(x=blk.1.act@0, w=blk.1.down.weight@0) -> f32[tokens, embd]  ; shard 'ffn' of blk.1.down",
      "blk.1.down@1 = matmul(x=blk.1.act@1, w=blk.1.down.weight@1) -> f32[tokens, embd]  ; shard 'ffn' of blk.1.down",
      "blk.1.down@2 = matmul(x=blk.1.act@2, w=blk.1.down.weight@2) -> f32[tokens, embd]  ; shard 'ffn' of blk.1.down",
      "blk.1.down@join1 = add(a=blk.1.down@0, b=blk.1.down@1) -> f32[tokens, embd]  ; shard 'ffn' of blk.1.down",
      "blk.1.down = add(a=blk.1.down@join1, b=blk.1.down@2) -> f32[tokens, embd]  ; shard 'ffn' of blk.1.down",
      "blk.1.residual = add(a=blk.0.residual, b=blk.1.down) -> f32[tokens, embd]",
    ]
  `);
});

test("experts are cut along the axis between their matrices", () => {
  const { graph } = sharded(cut("experts", "*_exps*", "expert_ffn"));
  expect(layer(graph, "blk.2").filter((line) => line.includes("@"))).toMatchInlineSnapshot(`
    [
      "weight blk.2.gate_exps.weight@0: q8_0[experts, expert_ffn[0:32], embd] <- head-rows(blk.2.gate_exps.weight) {firstRow=0, groupRows=64, heads=4, rows=32}",
      "weight blk.2.gate_exps.weight@1: q8_0[experts, expert_ffn[32:64], embd] <- head-rows(blk.2.gate_exps.weight) {firstRow=32, groupRows=64, heads=4, rows=32}",
      "weight blk.2.up_exps.weight@0: q8_0[experts, expert_ffn[0:32], embd] <- head-rows(blk.2.up_exps.weight) {firstRow=0, groupRows=64, heads=4, rows=32}",
      "weight blk.2.up_exps.weight@1: q8_0[experts, expert_ffn[32:64], embd] <- head-rows(blk.2.up_exps.weight) {firstRow=32, groupRows=64, heads=4, rows=32}",
      "weight blk.2.down_exps.weight@0: q8_0[experts, embd, expert_ffn[0:32]] <- columns(blk.2.down_exps.weight) {columns=32, firstColumn=0}",
      "weight blk.2.down_exps.weight@1: q8_0[experts, embd, expert_ffn[32:64]] <- columns(blk.2.down_exps.weight) {columns=32, firstColumn=32}",
      "blk.2.moe@0 = moe(x=blk.1.residual, ids=blk.2.route:ids, weights=blk.2.route:weights, gate=blk.2.gate_exps.weight@0, up=blk.2.up_exps.weight@0, down=blk.2.down_exps.weight@0) -> f32[tokens, embd]  ; shard 'experts' of blk.2.moe",
      "blk.2.moe@1 = moe(x=blk.1.residual, ids=blk.2.route:ids, weights=blk.2.route:weights, gate=blk.2.gate_exps.weight@1, up=blk.2.up_exps.weight@1, down=blk.2.down_exps.weight@1) -> f32[tokens, embd]  ; shard 'experts' of blk.2.moe",
      "blk.2.moe = add(a=blk.2.moe@0, b=blk.2.moe@1) -> f32[tokens, embd]  ; shard 'experts' of blk.2.moe",
    ]
  `);
});

test("an output axis gives parts side by side, a contracted one slices of the operand", () => {
  const { graph } = sharded(cut("head", "output.weight", "vocab", {}, devices));
  expect(layer(graph, "output")).toMatchInlineSnapshot(`
    [
      "weight output.weight@0: q8_0[vocab[0:16], embd] <- head-rows(output.weight) {firstRow=0, groupRows=50, heads=1, rows=16}",
      "weight output.weight@1: q8_0[vocab[16:32], embd] <- head-rows(output.weight) {firstRow=16, groupRows=50, heads=1, rows=16}",
      "weight output.weight@2: q8_0[vocab[32:50], embd] <- head-rows(output.weight) {firstRow=32, groupRows=50, heads=1, rows=18}",
      "output@0 = matmul(x=blk.2.residual, w=output.weight@0) -> f32[tokens, vocab[0:16]]  ; shard 'head' of output",
      "output@1 = matmul(x=blk.2.residual, w=output.weight@1) -> f32[tokens, vocab[16:32]]  ; shard 'head' of output",
      "output@2 = matmul(x=blk.2.residual, w=output.weight@2) -> f32[tokens, vocab[32:50]]  ; shard 'head' of output",
      "output@join1 = concat(a=output@0, b=output@1) {axis="vocab[0:32]"} -> f32[tokens, vocab[0:32]]  ; shard 'head' of output",
      "output = concat(a=output@join1, b=output@2) {axis="vocab"} -> f32[tokens, vocab]  ; shard 'head' of output",
      "output logits = output",
    ]
  `);
  const { graph: summed } = sharded(cut("head", "output.weight", "embd"));
  expect(layer(summed, "output")).toMatchInlineSnapshot(`
    [
      "weight output.weight@0: q8_0[vocab, embd[0:32]] <- columns(output.weight) {columns=32, firstColumn=0}",
      "weight output.weight@1: q8_0[vocab, embd[32:64]] <- columns(output.weight) {columns=32, firstColumn=32}",
      "output@slice0 = slice(x=blk.2.residual) {part={"name":"embd[0:32]","size":32,"start":0}} -> f32[tokens, embd[0:32]]  ; shard 'head' of output",
      "output@slice1 = slice(x=blk.2.residual) {part={"name":"embd[32:64]","size":32,"start":32}} -> f32[tokens, embd[32:64]]  ; shard 'head' of output",
      "output@0 = matmul(x=output@slice0, w=output.weight@0) -> f32[tokens, vocab]  ; shard 'head' of output",
      "output@1 = matmul(x=output@slice1, w=output.weight@1) -> f32[tokens, vocab]  ; shard 'head' of output",
      "output = add(a=output@0, b=output@1) -> f32[tokens, vocab]  ; shard 'head' of output",
      "output logits = output",
    ]
  `);
});

test("the first rule that matches decides, store rules before it included", () => {
  const { graph, rules } = sharded(
    rule("keep", { weight: "blk.0.*" }, { store: "c" }),
    cut("first", "blk.1.down*", "embd"),
    cut("second", "*", "ffn", { else: "next" }),
  );
  const weights = graph.weights.map(({ id }) => id as string);
  expect(weights.filter((id) => id.startsWith("blk.0") && id.includes("@"))).toEqual([]);
  const [down] = graph.weights.filter(({ id }) => id.startsWith("blk.1.down"));
  expect(down?.axes).toEqual(["embd[0:32]", "ffn"]);
  expect(rules.map(({ name }) => name).slice(1, 3)).toEqual(["first", "first: weights of part 0"]);
  // What is made for one rule matches nothing of the other's.
  const stored = rules
    .filter(({ name }) => name.endsWith("weights of part 1"))
    .map(({ when }) => when.weight);
  expect(stored).toEqual([
    "blk.*.down.weight@1",
    { regex: "^(?:blk\\.\\d+\\.gate\\.weight@1|blk\\.\\d+\\.up\\.weight@1)$" },
  ]);
});

test("what can't be cut is left whole where the rule says else: next", () => {
  const { graph, idle } = sharded(cut("all", "*", "embd", { else: "next" }));
  const weights = graph.weights.map(({ id }) => id as string);
  expect(weights).toContain("blk.0.norm.weight");
  expect(weights).toContain("blk.0.gate.weight");
  expect(weights).toContain("output.weight@1");
  expect(idle).toEqual([]);
  const norm = cut("norms", "*norm*", "embd", { else: "next" });
  expect(sharded(norm).idle).toEqual([
    { rule: norm, why: expect.stringContaining("rms_norm 'blk.0.norm' reads it, and only matmul") },
  ]);
});

test.each<[string, readonly Rule[], string, string]>([
  [
    "a norm",
    [cut("r", "*.norm.*", "embd")],
    "shard/refused",
    "none of the weights that it selects can be cut",
  ],
  ["gates along what they read", [cut("r", "blk.0.*p.*", "embd")], "shard/refused", "cut along ffn;"],
  ["a gate without its twin", [cut("r", "blk.0.gate*", "ffn")], "shard/refused", "cut along ffn;"],
  ["the experts themselves", [cut("r", "*_exps*", "experts")], "shard/refused", "cut along expert_ffn;"],
  [
    "fewer blocks than devices",
    [cut("r", "blk.2.*", "expert_ffn", {}, devices)],
    "shard/refused",
    "expert_ffn",
  ],
  ["an axis that isn't there", [cut("r", "blk.1.*", "heads")], "shard/no-axis", "along embd, ffn"],
  ["nothing", [cut("r", "blk.9.*", "ffn")], "rules/matches-nothing", "inspect"],
  [
    "what is decided before",
    [rule("s", {}, { store: "a" }), cut("r", "*", "ffn")],
    "rules/shadowed",
    "front",
  ],
  [
    "what another cuts",
    [cut("s", "blk.1.*", "ffn"), cut("r", "blk.1.*", "ffn")],
    "rules/contradiction",
    "leave",
  ],
])("cutting %s is one clear error", (_, rules, code, hint) => {
  expect(() => sharded(...rules)).toThrow(
    expect.objectContaining({
      code,
      message: expect.stringContaining("rule 'r' (api)"),
      hint: expect.stringContaining(hint),
    }),
  );
});

test("rules that an earlier planning made are made anew", () => {
  const own = [cut("ffn", "*", "ffn"), rule("all", {}, { store: "a" })];
  const once = sharded(...own);
  expect(sharded(...once.rules)).toEqual(once);
});

const randomCut = fc.record({
  sizes: fc.record({
    embd: fc.constantFrom(32, 64, 96),
    ffn: fc.constantFrom(64, 96, 160),
    expertFfn: fc.constantFrom(64, 128),
    vocab: fc.integer({ min: 3, max: 70 }),
    dtype: fc.constantFrom("q8_0" as const, "f16" as const, "f32" as const),
  }),
  axis: fc.constantFrom("ffn", "expert_ffn", "vocab", "embd", "experts"),
  weight: fc.constantFrom("*", "blk.0.*", "blk.1.*", "blk.2.*", "*.down*", "output*"),
  parts: fc.integer({ min: 2, max: 3 }),
  seed: fc.nat(1000),
});

test("any cut is a valid graph with the same logits; side by side with the same bits", () => {
  let cuts = 0;
  fc.assert(
    fc.property(randomCut, ({ sizes: of, axis, weight, parts, seed }) => {
      const original = shardModel(of);
      const over = devices.slice(0, parts);
      const rules = [cut("r", weight, axis, { else: "next", optional: true }, over)];
      const { graph } = shard(original, coreOps, rules, devices);
      validateGraph(graph, coreOps);
      if (graph.weights.length > original.weights.length) cuts++;
      const [whole, joined] = [logitsOf(original, original, seed), logitsOf(graph, original, seed)];
      const summed = graph.nodes.some(({ op, origin }) => op === "add" && origin !== undefined);
      const largest = whole.reduce((most, value, i) => Math.max(most, Math.abs(value - (joined[i] ?? 9))), 0);
      expect(largest).toBeLessThan(summed ? 1e-5 : Number.MIN_VALUE);
    }),
    { numRuns: 60, endOnFailure: true },
  );
  expect(cuts).toBeGreaterThan(20);
});
