import { coreOps } from "@tensorplan/ir";
import { expect, test } from "vitest";
import { plan } from "../plan/makePlan.ts";
import { planHash } from "../plan/planJson.ts";
import { anyKernel, profile, rule, tinyModel } from "../testing/fixtures.ts";
import { decisionsOf } from "./decisions.ts";
import { explain } from "./explain.ts";
import { formatPlanSummary } from "./formatPlanSummary.ts";
import { formatPlanTable } from "./formatPlanTable.ts";
import { formatBytes } from "./quantities.ts";

const vnni = anyKernel("matmul", { name: "matmul.vnni", requires: ["vnni"] });
const made = plan({
  graph: tinyModel(2),
  ops: coreOps,
  devices: [
    profile("cpu", { first: [vnni], without: ["attention"] }),
    profile("cuda:0", { memoryBytes: 2 ** 30 }),
  ],
  rules: [
    rule(
      "second layer",
      { layer: { atLeast: 1 } },
      { store: "cuda:0" },
      { origin: { kind: "flag", text: "-ngl 1" } },
    ),
  ],
});

test("a node is explained with rule, kernels tried, verdict of each device, copies and weights", () => {
  expect(explain(made, "blk.1.q")).toMatchInlineSnapshot(`
    "matmul 'blk.1.q'
    It runs on cuda:0 by the kernel matmul.any, in split s1, because of rule 'compute where the weight lives' (default: activations are smaller than weights).
      cpu could run it by matmul.any, and before it tried:
        not matmul.vnni: cpu lacks vnni.
      cuda:0 could run it by matmul.any.
    Weight 'blk.1.q.weight' (f16) lives on cuda:0 as rows, 8.00 KiB, because of rule 'second layer' (-ngl 1)."
  `);
});

test("a composite is explained by its lowering and parts", () => {
  expect(explain(made, "blk.0.attn")).toMatchInlineSnapshot(`
    "attention 'blk.0.attn'
    attention is done as 'naive', because of rule 'attention in parts' (default: where no kernel does it at once, scores, softmax and values can be done one after the other).
      Rule 'latent attention expands long prompts' was asked before and does not apply: its operation isn't mla_attention.
      Rule 'latent attention absorbs few tokens' was asked before and does not apply: its operation isn't mla_attention.
      Rule 'attention in one kernel' was asked before and could not be obeyed: flash: cpu has no kernel for attention.
    Its parts: blk.0.attn.scores, blk.0.attn.softmax, blk.0.attn.values.
    Cache 'cache.0.k' (f16) lives on cpu, 256 KiB, because of rule 'weights and caches live on the first device' (default: the first device in the order that was stated).
      Rule 'second layer' was asked before and does not apply: its layer isn't at least 1.
    Cache 'cache.0.v' (f16) lives on cpu, 256 KiB, because of rule 'weights and caches live on the first device' (default: the first device in the order that was stated).
      Rule 'second layer' was asked before and does not apply: its layer isn't at least 1."
  `);
});

test("views, caches and copies are explained", () => {
  expect(explain(made, "blk.0.q_heads")).toBe(
    "split 'blk.0.q_heads'\nIt is a view: its bytes are those of 'blk.0.q', and nothing runs.",
  );
  expect(explain(made, "cache.1.k")).toContain(
    "lives on cuda:0, 256 KiB, because of rule 'second layer' (-ngl 1).",
  );
  expect(explain(made, "blk.0.residual")).toContain(
    "is copied from cpu to cuda:0 (256*tokens bytes, at most 65536) for blk.1.norm, blk.1.residual.",
  );
});

test("a glob means many nodes, and layers that are alike are told once", () => {
  const lines = explain(made, "blk.*.k").split("\n");
  expect(lines[0]).toBe("matmul 'blk.0.k'");
  expect(lines).toContain("matmul 'blk.1.k'");
  const alike = plan({ graph: tinyModel(4), ops: coreOps, devices: [profile("cpu")] });
  expect(explain(alike, "blk.*.k")).toMatchInlineSnapshot(`
    "4 nodes blk.*.k: matmul, layers 0–3
    It runs on cpu by the kernel matmul.any, in split s0, because of rule 'compute where the weight lives' (default: activations are smaller than weights).
      cpu could run it by matmul.any.
    Weight 'blk.*.k.weight' (f16) lives on cpu as rows, 8.00 KiB, because of rule 'weights and caches live on the first device' (default: the first device in the order that was stated)."
  `);
  expect(explain(alike, "cache.*.k").split("\n")[0]).toBe("4 caches cache.*.k, layers 0–3");
  expect(explain(alike, "*.norm.weight")).toContain("4 weights blk.*.norm.weight, layers 0–3");
});

test("decisions are there as data too, for one variant where it is asked for", () => {
  const [attention, ...more] = decisionsOf(made, "blk.1.attn", { variant: "step" });
  expect(more).toEqual([]);
  expect(attention).toMatchObject({
    id: "blk.1.attn",
    kind: "node",
    op: "attention",
    variants: [{ variant: "step", lowering: { name: "flash" }, placement: { device: "cuda:0" } }],
    states: [{ state: "cache.1.k" }, { state: "cache.1.v" }],
  });
  expect(decisionsOf(made, "cache.0.*").map(({ id, kind }) => [id, kind])).toEqual([
    ["cache.0.k", "cache"],
    ["cache.0.v", "cache"],
  ]);
  expect(() => explain(made, "blk.0.q", { variant: "prefil" })).toThrow(
    expect.objectContaining({ code: "plan/no-variant", hint: "its variants are: step" }),
  );
  expect(() => explain(made, "blk.0.q", { variant: "step", phase: "decode" })).toThrow(
    expect.objectContaining({ code: "explain/two-choices" }),
  );
});

test("misspelled names are answered with near ones", () => {
  expect(() => explain(made, "blk.0.residul")).toThrow(
    expect.objectContaining({ hint: expect.stringContaining("did you mean blk.0.residual") }),
  );
  expect(() => explain(made, "nothing-at-all-like-this")).toThrow(
    expect.objectContaining({ hint: "`tensorplan plan --phase decode` lists all nodes" }),
  );
});

test("an unknown name is answered with names that are close", () => {
  expect(() => explain(made, "blk.7.residual")).toThrow(
    expect.objectContaining({
      code: "explain/unknown",
      hint: "did you mean blk.0.residual, blk.1.residual?",
    }),
  );
});

test("the summary fits on a screen", () => {
  expect(formatPlanSummary(made).replace(planHash(made).slice(0, 12), "<hash>")).toMatchInlineSnapshot(`
    "plan <hash> of tiny
      device   weights   caches    inputs  work area    in all   may use
      cpu     44.8 KiB  512 KiB  4.13 KiB   4.06 MiB  4.61 MiB  1.00 TiB
      cuda:0  32.3 KiB  512 KiB  3.13 KiB    192 KiB   739 KiB  1.00 GiB
    caches
      k (f16)  0.25 MiB  on cpu     1 cache of 2048 rows of 64 values
      v (f16)  0.25 MiB  on cpu     1 cache of 2048 rows of 64 values
      k (f16)  0.25 MiB  on cuda:0  1 cache of 2048 rows of 64 values
      v (f16)  0.25 MiB  on cuda:0  1 cache of 2048 rows of 64 values
    variants
      step  steps of every size  3 splits  2 copies, up to 128 KiB
    estimated time of a step
      prefill  256 tokens, 256 rows of context  4.81 ms  53239.2 t/s  busy: cpu 3.04 ms, cuda:0 1.80 ms
      decode   1 token, 1024 rows of context    95.9 µs  10423.9 t/s  busy: cpu 65.0 µs, cuda:0 35.1 µs
    lowerings
      attention: flash  'attention in one kernel'  step 1
      attention: naive  'attention in parts'       step 1
    kernels
      add           add.any           cpu     step 1
      add           add.any           cuda:0  step 1
      attention     attention.any     cuda:0  step 1
      cache_append  cache_append.any  cpu     step 2
      cache_append  cache_append.any  cuda:0  step 2
      embed         embed.any         cpu     step 1
      matmul        matmul.any        cpu     step 5
      matmul        matmul.any        cuda:0  step 4
      paged_scores  paged_scores.any  cpu     step 1
      paged_values  paged_values.any  cpu     step 1
      rms_norm      rms_norm.any      cpu     step 1
      rms_norm      rms_norm.any      cuda:0  step 1
      softmax       softmax.any       cpu     step 1
    rules
      14 rules, 1 of them yours; no fallback was needed"
  `);
});

test("the table has a line for each node that runs and each copy", () => {
  const lines = formatPlanTable(made, "decode").split("\n");
  expect(lines.slice(0, 3)).toMatchInlineSnapshot(`
    [
      "task  device        node                operation     kernel               time  limit    rule",
      "s0    cpu           embed               embed         embed.any           39 ns  memory   compute where the weight lives",
      "s0    cpu           blk.0.norm          rms_norm      rms_norm.any        77 ns  memory   compute where the weight lives",
    ]
  `);
  expect(lines.filter((line) => line.includes("copy"))).toHaveLength(2);
  expect(lines).toHaveLength(
    1 + 2 + (made.variants[0]?.nodes.filter(({ device }) => device !== null).length ?? 0),
  );
});

test("bytes are printed with the digits that count", () => {
  expect([0, 1023, 1024, 11.7 * 2 ** 20, 972 * 2 ** 20, 2 ** 50].map(formatBytes)).toEqual([
    "0 B",
    "1023 B",
    "1.00 KiB",
    "11.7 MiB",
    "972 MiB",
    "1024 TiB",
  ]);
});
