import { coreOps } from "@tensorplan/ir";
import { expect, test } from "vitest";
import { plan } from "../plan/makePlan.ts";
import type { PlanInput } from "../plan/planInput.ts";
import { anyKernel, profile, rule, tinyModel } from "../testing/fixtures.ts";
import { diffPlans } from "./diffPlans.ts";
import { diffRules } from "./diffRules.ts";
import { formatPlanDiff } from "./formatPlanDiff.ts";

const devices = [profile("cpu"), profile("cuda:0", { memoryBytes: 2 ** 30 })];
const planWith = (more: Partial<PlanInput> = {}) =>
  plan({ graph: tinyModel(3), ops: coreOps, devices, ...more });

const plain = planWith();
const secondLayer = rule("second layer", { layer: { atLeast: 1, below: 2 } }, { store: "cuda:0" });
const split = planWith({ rules: [secondLayer] });

/** Hashes change with every detail of a plan; what matters here doesn't. */
const printed = (diff: ReturnType<typeof diffPlans>) =>
  formatPlanDiff(diff, { a: "A.json", b: "B.json" }).replaceAll(/\b[0-9a-f]{12}\b/g, "<hash>");

test("a plan is the same as itself and as one made again", () => {
  const diff = diffPlans(plain, planWith());
  expect(diff.same).toBe(true);
  expect(diff.stored).toEqual([]);
  expect(diff.variants.flatMap(({ nodes }) => nodes)).toEqual([]);
  expect(printed(diff)).toBe("plans are the same: <hash> of tiny  A.json, B.json");
});

test("a rule that moves a layer shows what moved, by which rule, and what that costs", () => {
  const diff = diffPlans(plain, split);
  expect(diff.rules).toEqual([{ rule: "second layer", change: "added" }]);
  expect(diff.stored.map(({ id }) => id)).toContain("blk.1.q.weight");
  expect(diff.stored.every(({ change }) => change === "device")).toBe(true);
  const [step] = diff.variants;
  expect(step?.splits).toEqual({ a: 1, b: 3 });
  expect(step?.transfers.a).toBe(0);
  expect(step?.copies.every(({ bytes }) => bytes.a === null && (bytes.b ?? 0) > 0)).toBe(true);
  const moved = step?.nodes.find(({ id }) => id === "blk.1.q");
  expect(moved).toMatchObject({
    change: "device",
    a: { device: "cpu", rule: "compute where the weight lives" },
    b: { device: "cuda:0", rule: "compute where the weight lives" },
  });
  const gpu = diff.devices.find(({ device }) => device === "cuda:0");
  expect(gpu?.weights).toEqual({ a: 0, b: split.devices[1]?.weights });
});

test("the two directions mirror each other", () => {
  const there = diffPlans(plain, split);
  const back = diffPlans(split, plain);
  expect(back.rules).toEqual([{ rule: "second layer", change: "removed" }]);
  expect(back.variants[0]?.splits).toEqual({ a: 3, b: 1 });
  expect(new Set(back.variants[0]?.nodes.map(({ id }) => id))).toEqual(
    new Set(there.variants[0]?.nodes.map(({ id }) => id)),
  );
});

test("graphs may differ: nodes and weights that only one has are added or removed", () => {
  const diff = diffPlans(planWith({ graph: tinyModel(2) }), plain);
  const added = diff.variants[0]?.nodes.filter(({ change }) => change === "added") ?? [];
  expect(added.length).toBeGreaterThan(5);
  expect(added.every(({ id }) => id.startsWith("blk.2."))).toBe(true);
  expect(
    diff.stored.some(({ id, change, a }) => id === "blk.2.q.weight" && change === "added" && a === null),
  ).toBe(true);
});

test("another kernel on the same device is a change of kernel", () => {
  const fast = anyKernel("matmul", { name: "matmul.fast" });
  const diff = diffPlans(
    plain,
    planWith({ devices: [profile("cpu", { first: [fast] }), devices[1] as never] }),
  );
  expect(diff.capabilitiesChanged).toBe(true);
  expect(
    diff.variants[0]?.nodes.every(({ change, b }) => change === "kernel" && b?.kernel === "matmul.fast"),
  ).toBe(true);
});

test("a device that only one plan has is named", () => {
  const diff = diffPlans(plain, planWith({ devices: [devices[0] as never] }));
  expect(diff.devices.find(({ device }) => device === "cuda:0")?.in).toBe("a");
});

test("variants are compared where their boxes meet", () => {
  const only = rule("long prompts", { op: "add", tokensPerSequence: { atLeast: 32 } }, { place: "cuda:0" });
  const diff = diffPlans(plain, planWith({ rules: [only] }));
  expect(diff.variants.map(({ variant, box }) => [variant.b, box.tokensPerSequence])).toEqual([
    ["decode", { from: 1, below: 32 }],
    ["prefill", { from: 32, below: null }],
  ]);
  expect(diff.variants[0]?.nodes).toEqual([]);
  expect(diff.variants[1]?.nodes.some(({ change }) => change === "device")).toBe(true);
});

test("estimated times are of the same steps in both plans", () => {
  const graph = tinyModel(3);
  const smaller = { ...graph, symbols: { ...graph.symbols, context: 512 } };
  const slow = devices.map((device) => ({ ...device, bandwidth: device.bandwidth / 10 }));
  const diff = diffPlans(plain, planWith({ devices: slow, graph: smaller }));
  expect(diff.times.map(({ phase, tokens, context }) => [phase, tokens, context])).toEqual([
    ["decode", 1, 512],
    ["prefill", 256, 256],
  ]);
  for (const { nanoseconds } of diff.times) expect(nanoseconds.b).toBeGreaterThanOrEqual(nanoseconds.a);
  expect(printed(diff)).toMatch(/decode +1 of 512 rows +\S+ µs > \S+ µs +\+\d+\.\d %/);
});

test("a rule that only moved is told from those that it moved past", () => {
  const [a, b, c] = ["a", "b", "c"].map((name) => rule(name, {}, { place: "cpu" }));
  expect(diffRules([a, b, c] as never, [c, a, b] as never)).toEqual([{ rule: "c", change: "moved" }]);
  expect(diffRules([a, b] as never, [a, { ...b, do: { place: "gpu" } }] as never)).toEqual([
    { rule: "b", change: "changed" },
  ]);
});

test("the text puts layers that changed alike on one line", () => {
  const text = printed(
    diffPlans(plain, planWith({ rules: [rule("late", { layer: { atLeast: 1 } }, { store: "cuda:0" })] })),
  );
  expect(text).toMatchInlineSnapshot(`
    "- plan <hash> of tiny  A.json
    + plan <hash> of tiny  B.json
    memory
      device             weights              caches          inputs      work area              in all   may use     change
      cpu     109 KiB > 44.8 KiB  1.50 MiB > 512 KiB        4.13 KiB        192 KiB  1.80 MiB > 753 KiB  1.00 TiB  -1.06 MiB
      cuda:0      0 B > 64.5 KiB      0 B > 1.00 MiB  0 B > 3.13 KiB  0 B > 192 KiB      0 B > 1.25 MiB  1.00 GiB  +1.25 MiB
    rules
      + 'late'
    weights and caches
      name                   n  device        form      bytes     rule
      blk.{1-2}.norm.weight  2  cpu > cuda:0  f32 rows  512 B     'weights and caches live on the first device' > 'late'
      blk.{1-2}.k.weight     2  cpu > cuda:0  f16 rows  16.0 KiB  'weights and caches live on the first device' > 'late'
      blk.{1-2}.v.weight     2  cpu > cuda:0  f16 rows  16.0 KiB  'weights and caches live on the first device' > 'late'
      blk.{1-2}.q.weight     2  cpu > cuda:0  f16 rows  16.0 KiB  'weights and caches live on the first device' > 'late'
      blk.{1-2}.out.weight   2  cpu > cuda:0  f16 rows  16.0 KiB  'weights and caches live on the first device' > 'late'
      cache.{1-2}.k          2  cpu > cuda:0  f16 rows  512 KiB   'weights and caches live on the first device' > 'late'
      cache.{1-2}.v          2  cpu > cuda:0  f16 rows  512 KiB   'weights and caches live on the first device' > 'late'
    estimated time of a step
      decode   1 of 1024 rows   94.3 µs > 98.4 µs  +4.4 %
      prefill  256 of 256 rows  5.64 ms > 5.67 ms  +0.5 %
    steps
      step (steps of every size): splits 1 > 3, copies 0 > 2, copied bytes 0 B > 128 KiB, 18 of 18 changed nodes moved
        node                n  operation     device        kernel            rule
        blk.{1-2}.norm      2  rms_norm      cpu > cuda:0  rms_norm.any      'compute where the weight lives'
        blk.{1-2}.k         2  matmul        cpu > cuda:0  matmul.any        'compute where the weight lives'
        blk.{1-2}.append_k  2  cache_append  cpu > cuda:0  cache_append.any  'compute where the cache lives'
        blk.{1-2}.v         2  matmul        cpu > cuda:0  matmul.any        'compute where the weight lives'
        blk.{1-2}.append_v  2  cache_append  cpu > cuda:0  cache_append.any  'compute where the cache lives'
        blk.{1-2}.q         2  matmul        cpu > cuda:0  matmul.any        'compute where the weight lives'
        blk.{1-2}.attn      2  attention     cpu > cuda:0  attention.any     'compute where the cache lives'
        blk.{1-2}.out       2  matmul        cpu > cuda:0  matmul.any        'compute where the weight lives'
        blk.{1-2}.residual  2  add           cpu > cuda:0  add.any           'stay with the newest operand'
        copy of         n  way           bytes each
        blk.0.residual  1  cpu > cuda:0  + 64.0 KiB
        blk.2.residual  1  cuda:0 > cpu  + 64.0 KiB"
  `);
});
