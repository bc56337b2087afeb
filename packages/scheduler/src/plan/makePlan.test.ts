import { axis, coreOps, GraphBuilder, rope, scale } from "@tensorplan/ir";
import { expect, test } from "vitest";
import { variantOfPhase } from "../explain/formatPlanTable.ts";
import type { Rule } from "../rules/rule.ts";
import { limits, profile, rule, tinyModel } from "../testing/fixtures.ts";
import { plan } from "./makePlan.ts";
import { planFor } from "./places.ts";
import type { Plan } from "./plan.ts";

const graph = tinyModel(2);
const cpu = profile("cpu");
const gpu = profile("cuda:0", { hostMemory: false });
const make = (
  rules: readonly Rule[] = [],
  devices = [cpu, gpu],
  more: Partial<Parameters<typeof plan>[0]> = {},
) => plan({ graph, ops: coreOps, devices, rules, ...more });

const placed = (made: Plan, phase: "decode" | "prefill" = "decode") => {
  const variant = variantOfPhase(made, phase);
  return new Map(
    variant.nodes.map(({ node, device, decision }) => [
      made.nodes[node]?.id,
      { device, rule: variant.decisions[decision]?.rule, tried: variant.decisions[decision]?.tried },
    ]),
  );
};
const loweringsOf = (made: Plan, phase: "decode" | "prefill") =>
  variantOfPhase(made, phase).lowerings.map(({ node, lowering }) => `${node} ${lowering}`);

test("without rules everything is on the first device, in one split, in one variant", () => {
  const made = make();
  expect(made.variants.map(({ id, splits, transfers }) => [id, splits.length, transfers.length])).toEqual([
    ["step", 1, 0],
  ]);
  expect(new Set([...placed(made).values()].map(({ device }) => device))).toEqual(new Set(["cpu", null]));
  expect(made.fallbacks.every(({ count }) => count === 0)).toBe(true);
});

test("nodes compute where their weights live, and a value crosses once", () => {
  const made = make([rule("second layer", { layer: { atLeast: 1 } }, { store: "cuda:0" })]);
  const variant = variantOfPhase(made, "decode");
  expect(
    variant.transfers.map(({ value, from, to, formula, because, rule: allowed }) => [
      value,
      from,
      to,
      formula,
      because,
      allowed,
    ]),
  ).toEqual([
    [
      "blk.0.residual",
      "cpu",
      "cuda:0",
      "256*tokens",
      "compute where the weight lives",
      "activations may be copied",
    ],
    [
      "blk.1.residual",
      "cuda:0",
      "cpu",
      "256*tokens",
      "compute where the weight lives",
      "activations may be copied",
    ],
  ]);
  expect(variant.splits.map(({ device }) => device)).toEqual(["cpu", "cuda:0", "cpu"]);
});

test("each decision keeps the rule and all that were asked before, with reasons", () => {
  const made = make([rule("adds", { op: "mul" }, { place: "cuda:0" }, { optional: true })]);
  expect(placed(made).get("blk.0.append_k")).toEqual({
    device: "cpu",
    rule: "compute where the cache lives",
    tried: [
      { rule: "adds", outcome: "no-match", why: "its operation isn't mul" },
      { rule: "compute where the weight lives", outcome: "no-match", why: "it has no weight" },
    ],
  });
});

test("a rule places nodes without weights anywhere", () => {
  const made = make([rule("sums", { op: "add" }, { place: "cuda:0" })]);
  expect(placed(made).get("blk.0.residual")).toMatchObject({ device: "cuda:0", rule: "sums", tried: [] });
});

test("a node placed away from its weight is an error that names both rules", () => {
  const rules = [
    rule("all on the card", { op: "matmul" }, { place: "cuda:0" }),
    rule("home", { weight: "*" }, { store: "cpu" }),
  ];
  expect(() => make(rules)).toThrow(
    expect.objectContaining({
      code: "plan/away-from-weight",
      message: expect.stringMatching(
        /rule 'all on the card' can't place matmul .* lives on cpu by rule 'home'/,
      ),
      hint: expect.stringContaining("cpu"),
    }),
  );
});

test("a replicate rule lets it, and the second copy is counted", () => {
  const made = make([
    rule("head on the card", { path: "logits" }, { place: "cuda:0" }),
    rule("twice", { weight: "token_embd.weight" }, { replicate: ["cuda:0"] }),
  ]);
  expect(placed(made).get("logits")).toMatchObject({ device: "cuda:0" });
  const table = made.weights.find(({ weight }) => weight === "token_embd.weight");
  expect(table?.copies.map(({ device, because }) => [device, because])).toEqual([
    ["cpu", { kind: "home" }],
    ["cuda:0", { kind: "replica", rule: "twice" }],
  ]);
  expect(made.devices[1]?.weights).toBe(100 * 128);
});

test("a node placed away from its cache is an error", () => {
  expect(() => make([rule("away", { op: "cache_append" }, { place: "cuda:0" })])).toThrow(
    expect.objectContaining({ code: "plan/away-from-state" }),
  );
});

test("`else: next` goes on where a rule can't be obeyed, and the reason stays", () => {
  const rules = [rule("away", { op: "cache_append" }, { place: "cuda:0" }, { else: "next" })];
  const [first] = placed(make(rules)).get("blk.0.append_k")?.tried ?? [];
  expect(first).toMatchObject({
    rule: "away",
    outcome: "refused",
    why: expect.stringContaining("lives on cpu"),
  });
});

test("a device without the kernel is refused with the kernels tried, and what could run it", () => {
  const weak = profile("cuda:0", { without: ["add"] });
  expect(() => make([rule("sums", { op: "add" }, { place: "cuda:0" })], [cpu, weak])).toThrow(
    expect.objectContaining({
      code: "plan/refused",
      message: "rule 'sums' can't place add 'blk.0.residual': cuda:0 has no kernel for add",
      hint: expect.stringContaining("cpu"),
    }),
  );
});

test("the fallback is a rule, and counted", () => {
  const weak = profile("cpu", { without: ["add"] });
  const made = make([], [weak, gpu]);
  expect(placed(made).get("blk.0.residual")).toMatchObject({
    device: "cuda:0",
    rule: "the first device that can",
  });
  expect(made.fallbacks).toContainEqual({ rule: "the first device that can", count: 2 });
});

test("a node that no device can run is an error that says what each lacks", () => {
  const weak = profile("cpu", { without: ["matmul"] });
  expect(() => make([], [weak])).toThrow(
    expect.objectContaining({
      code: "plan/refused",
      message: expect.stringContaining("cpu has no kernel for matmul"),
    }),
  );
});

test("flash where there is a kernel, naive where there isn't, in parts that are placed on their own", () => {
  expect(loweringsOf(make(), "decode")).toEqual(["blk.0.attn flash", "blk.1.attn flash"]);
  const plain = profile("cpu", { without: ["attention"] });
  const made = make([], [plain]);
  expect(loweringsOf(made, "decode")).toEqual(["blk.0.attn naive", "blk.1.attn naive"]);
  expect([...placed(made).keys()].filter((id) => id?.startsWith("blk.0.attn."))).toEqual([
    "blk.0.attn.scores",
    "blk.0.attn.softmax",
    "blk.0.attn.values",
  ]);
});

test("which device the caches are on decides the lowering", () => {
  const plain = profile("cuda:0", { without: ["attention"] });
  const made = make([rule("second layer", { layer: { atLeast: 1 } }, { store: "cuda:0" })], [cpu, plain]);
  expect(loweringsOf(made, "decode")).toEqual(["blk.0.attn flash", "blk.1.attn naive"]);
});

test("thresholds in rules make variants, and only where something changes", () => {
  const long = rule(
    "long prompts",
    { op: "attention", tokensPerSequence: { atLeast: 32 } },
    { lower: "naive" },
  );
  const idle = rule("experts", { op: "moe", phase: "decode" }, { lower: "fused" }, { optional: true });
  const made = make([idle, long], [cpu]);
  expect(made.variants.map(({ id, box }) => [id, box.tokensPerSequence])).toEqual([
    ["decode", { from: 1, below: 32 }],
    ["prefill", { from: 32, below: null }],
  ]);
  expect(loweringsOf(made, "decode")).toEqual(["blk.0.attn flash", "blk.1.attn flash"]);
  expect(loweringsOf(made, "prefill")).toEqual(["blk.0.attn naive", "blk.1.attn naive"]);
  const sizes = { tokens: 40, context: 64, sequences: 1 };
  expect(planFor(made, { ...sizes, tokensPerSequence: 31 }).id).toBe("decode");
  expect(planFor(made, { ...sizes, tokensPerSequence: 32 }).id).toBe("prefill");
});

test("variants stay apart where different rules decide the same", () => {
  const made = make([rule("one token", { op: "attention", phase: "decode" }, { lower: "flash" })], [cpu]);
  expect(made.variants.map(({ id }) => id)).toEqual(["decode", "prefill"]);
});

test("a merged variant keeps the reasons of all its sizes", () => {
  const plain = profile("cuda:0", { without: ["add"] });
  const big = rule(
    "big sums",
    { op: "add", tokensPerSequence: { atLeast: 8 } },
    { place: "cuda:0" },
    { else: "next" },
  );
  const made = make([big], [cpu, plain]);
  expect(made.variants).toHaveLength(1);
  expect(placed(made).get("blk.0.residual")?.tried?.slice(0, 2)).toEqual([
    { rule: "big sums", outcome: "no-match", why: "tokensPerSequence isn't at least 8" },
    { rule: "big sums", outcome: "refused", why: "cuda:0 has no kernel for add" },
  ]);
});

test("residence is one table for all variants, and the arena fits the largest", () => {
  const long = rule(
    "long prompts",
    { op: "attention", tokensPerSequence: { atLeast: 32 } },
    { lower: "naive" },
  );
  const made = make([long], [cpu]);
  const arenas = made.variants.map(({ memory }) => memory[0]?.bytes ?? 0);
  expect(made.devices[0]?.arena).toBe(Math.max(...arenas));
  expect(arenas[0]).toBeLessThan(arenas[1] as number);
});

test("a user's lower rule that can't be obeyed is an error", () => {
  const plain = profile("cpu", { without: ["attention"] });
  expect(() => make([rule("flash", { op: "attention" }, { lower: "flash" })], [plain])).toThrow(
    expect.objectContaining({
      code: "plan/lowering-refused",
      message: expect.stringContaining("cpu has no kernel for attention"),
    }),
  );
});

test("an operation in no way possible is an error that tells every way's reason", () => {
  const plain = profile("cpu", { without: ["attention", "softmax"] });
  expect(() => make([], [plain])).toThrow(
    expect.objectContaining({
      code: "plan/no-lowering",
      message: expect.stringMatching(/flash: .*naive: its part softmax/),
    }),
  );
});

test("a rule about a composite holds for its parts", () => {
  const plain = profile("cpu", { without: ["attention"] });
  const made = make(
    [rule("softmax elsewhere", { op: "softmax", and: [{ op: "attention" }] }, { place: "cuda:0" })],
    [plain, gpu],
  );
  expect(placed(made).get("blk.0.attn.softmax")).toMatchObject({ device: "cuda:0" });
});

test("a value can be followed by name, and consumers can", () => {
  const tokens = axis("tokens", "tokens");
  const builder = new GraphBuilder("chain", limits);
  const x = builder.input("x", [tokens], "f32");
  const a = scale("a", x, 2);
  const b = scale("b", a, 2);
  builder.output("out", scale("c", b, 2));
  const chain = builder.finish();
  const rules = [
    rule("c on the card", { path: "c" }, { place: "cuda:0" }),
    rule("b with its reader", { path: "b" }, { follow: "consumers" }),
    rule("a with b", { path: "a" }, { follow: { value: "b" } }),
  ];
  expect([...placed(make(rules, [cpu, gpu], { graph: chain })).values()].map(({ device }) => device)).toEqual(
    ["cuda:0", "cuda:0", "cuda:0"],
  );
});

test("nodes that follow each other in a circle go on to the next rule, or stop", () => {
  const tokens = axis("tokens", "tokens");
  const builder = new GraphBuilder("circle", limits);
  const a = scale("a", builder.input("x", [tokens], "f32"), 2);
  builder.output("out", scale("b", a, 2));
  const circle = builder.finish();
  const rules = (otherwise: "next" | "error") => [
    rule("a with b", { path: "a" }, { follow: "consumers" }, { else: otherwise }),
    rule("b with a", { path: "b" }, { follow: "latest" }),
    rule("on the card", { op: "scale" }, { place: "cuda:0" }),
  ];
  const made = placed(make(rules("next"), [cpu, gpu], { graph: circle }));
  expect(made.get("a")).toMatchObject({
    device: "cuda:0",
    rule: "on the card",
    tried: [{ why: "it follows itself in a circle: a, b, a" }, { rule: "b with a" }],
  });
  expect(made.get("b")).toMatchObject({ device: "cuda:0", rule: "b with a" });
  expect(() => make(rules("error"), [cpu, gpu], { graph: circle })).toThrow(
    expect.objectContaining({
      message: expect.stringContaining(
        "rule 'a with b' can't place scale 'a': it follows itself in a circle: a, b, a",
      ),
      code: "plan/follow-circle",
    }),
  );
});

test("an optional operand that is absent doesn't keep a kernel away", () => {
  const [tokens, dim] = [axis("tokens", "tokens"), axis("dim", 8)];
  const builder = new GraphBuilder("rope", limits);
  const x = builder.input("x", [tokens, dim], "f32");
  builder.output(
    "out",
    rope("r", x, builder.input("positions", [tokens], "i32"), { style: "neox", base: 1e4 }),
  );
  expect(make([], [cpu], { graph: builder.finish() }).variants[0]?.nodes[0]?.kernel).toBe("rope.any");
});

test("a rule that names a composite's path holds for its parts", () => {
  const plain = profile("cpu", { without: ["attention"] });
  const rules = [rule("there", { path: "blk.0.attn" }, { prefer: ["cuda:0", "cpu"] })];
  const made = placed(make(rules, [plain, gpu]));
  expect(made.get("blk.0.attn.softmax")).toMatchObject({ device: "cuda:0", rule: "there" });
  expect(made.get("blk.0.attn.scores")).toMatchObject({ device: "cpu", rule: "there" });
  expect(made.get("blk.1.attn.softmax")).toMatchObject({ device: "cpu" });
});

test("two devices of one name are refused", () => {
  expect(() => make([], [cpu, cpu])).toThrow(expect.objectContaining({ code: "plan/duplicate-device" }));
});

test("a budget that is too small is an error with the largest parts and three ways out", () => {
  const total = make().devices[0];
  const used = (total?.weights ?? 0) + (total?.states ?? 0) + (total?.inputs ?? 0) + (total?.arena ?? 0);
  expect(() => make([], [cpu, gpu], { budgets: { cpu: used } })).not.toThrow();
  expect(() => make([], [cpu, gpu], { budgets: { cpu: used - 1 } })).toThrow(
    expect.objectContaining({
      code: "memory/over-budget",
      message: expect.stringContaining("1 B more than"),
      hint: expect.stringMatching(/-c 960 .*-ctk q8_0 .*-ub 255 /s),
      details: expect.objectContaining({
        over: 1,
        largest: expect.arrayContaining([expect.stringMatching(/^cache\.\*\.k /)]),
      }),
    }),
  );
});

test("what follows a circle without being in it waits until the circle is broken", () => {
  const tokens = axis("tokens", "tokens");
  const builder = new GraphBuilder("tail", limits);
  const a = scale("a", builder.input("x", [tokens], "f32"), 2);
  const b = scale("b", builder.input("y", [tokens], "f32"), 2);
  builder.output("one", a);
  builder.output("two", scale("c", b, 2));
  const rules = [
    rule("a with c", { path: "a" }, { follow: { value: "c" } }),
    rule("b with c", { path: "b" }, { follow: "consumers" }, { else: "next" }),
    rule("c with b", { path: "c" }, { follow: "latest" }),
    rule("b on the card", { path: "b" }, { place: "cuda:0" }),
  ];
  const made = placed(make(rules, [cpu, gpu], { graph: builder.finish() }));
  expect([...made.values()].map(({ device, rule: by }) => [device, by])).toEqual([
    ["cuda:0", "a with c"],
    ["cuda:0", "b on the card"],
    ["cuda:0", "c with b"],
  ]);
});

test("readers that disagree stop a rule that follows them, and are named", () => {
  const tokens = axis("tokens", "tokens");
  const builder = new GraphBuilder("fork", limits);
  const a = scale("a", builder.input("x", [tokens], "f32"), 2);
  builder.output("one", scale("b", a, 2));
  builder.output("two", scale("c", a, 3));
  const rules = (otherwise: "error" | "next") => [
    rule("b there", { path: "b" }, { place: "cuda:0" }),
    rule("c here", { path: "c" }, { place: "cpu" }),
    rule("a with its readers", { path: "a" }, { follow: "consumers" }, { else: otherwise }),
  ];
  const fork = builder.finish();
  expect(() => make(rules("error"), [cpu, gpu], { graph: fork })).toThrow(
    expect.objectContaining({
      code: "plan/follow-disagree",
      message:
        "rule 'a with its readers' can't place scale 'a': those that read it run on different devices: cpu, cuda:0",
      details: expect.objectContaining({
        follows: "b on cuda:0, c on cpu",
        devices: ["cpu can run it", "cuda:0 can run it"],
      }),
    }),
  );
  expect(placed(make(rules("next"), [cpu, gpu], { graph: fork })).get("a")).toMatchObject({
    device: "cpu",
    tried: expect.arrayContaining([expect.objectContaining({ outcome: "refused" })]),
  });
});

test("a refusal lists what each device could do, and where each lowering would work", () => {
  const weak = profile("cuda:0", { without: ["add"] });
  expect(() => make([rule("sums", { op: "add" }, { place: "cuda:0" })], [cpu, weak])).toThrow(
    expect.objectContaining({
      details: expect.objectContaining({ devices: ["cpu can run it", "cuda:0 has no kernel for add"] }),
    }),
  );
  const plain = profile("cpu", { without: ["attention"] });
  expect(() => make([rule("flash", { op: "attention" }, { lower: "flash" })], [plain])).toThrow(
    expect.objectContaining({
      details: expect.objectContaining({ works: ["flash: nowhere", "naive: on cpu"] }),
    }),
  );
});
