import { synthPreset, synthSettings, synthTensorTable } from "@tensorplan/models";
import { type PlanModelOptions, planModel, readDevices } from "@tensorplan/runtime";
import { estimateStep, type LoweringFlags, type Plan, planFor, planHash } from "@tensorplan/scheduler";
import { describe, expect, test } from "vitest";

const CONTEXT = 4096;

async function planOf(
  arch: string,
  layers: number,
  lowering: LoweringFlags,
  more: PlanModelOptions = {},
): Promise<Plan> {
  const options = { preset: synthPreset(arch), type: "iq4_nl" as const, layers };
  const model = { metadata: synthSettings(options), tensors: synthTensorTable(options) };
  const { plan } = await planModel({
    model,
    ...(await readDevices("cpu")),
    contextLength: CONTEXT,
    cacheDType: "f16",
    lowering,
    ...more,
  });
  return plan;
}

const lite = (lowering: LoweringFlags, more?: PlanModelOptions) =>
  planOf("deepseek-v2-lite", 2, lowering, more);
const on = { prefill: true, decode: true };
const off = { prefill: false, decode: false };

/** Operations that attention of the last layer comes to, for so many new tokens at the end of the whole context. */
function attentionOps(plan: Plan, tokens: number): readonly string[] {
  const variant = planFor(plan, { tokensPerSequence: tokens, tokens, context: CONTEXT, sequences: 1 });
  return variant.nodes.flatMap(({ node, kernel }) => {
    const { id, op } = plan.nodes[node] as Plan["nodes"][number];
    return kernel !== null && /^blk\.1\.attn\.(mla|attention)/.test(id) ? [op] : [];
  });
}

const absorbed = ["mla_absorb_query", "latent_attention", "head_matmul"];
const inParts = ["mla_absorb_query", "paged_scores", "softmax", "paged_values", "head_matmul"];
const expanded = ["mla_decompressed_attention"];
const plain = ["attention"];
const plainInParts = ["paged_scores", "softmax", "paged_values"];

describe("what each mode does for one new token, for 127, and for 128", () => {
  test.each<[LoweringFlags["mla"], boolean, readonly (readonly string[])[]]>([
    ["0", true, [plain, plain, plain]],
    ["0", false, [plainInParts, plainInParts, plainInParts]],
    ["1", true, [absorbed, absorbed, absorbed]],
    ["1", false, [inParts, inParts, inParts]],
    ["2", true, [inParts, inParts, expanded]],
    ["2", false, [inParts, inParts, inParts]],
    ["3", true, [absorbed, absorbed, expanded]],
    ["3", false, [inParts, inParts, inParts]],
    ["auto", false, [inParts, inParts, inParts]],
  ])("-mla %s with flash attention %s", async (mla, flash, expected) => {
    const plan = await lite({ ...(mla === undefined ? {} : { mla }), flashAttention: flash ? on : off });
    expect([1, 127, 128].map((tokens) => attentionOps(plan, tokens))).toEqual(expected);
  });

  test("-fa alone lets the defaults choose between absorbing and expanding", async () => {
    const plan = await lite({ flashAttention: { prefill: true, decode: false } });
    expect([1, 2, 128].map((tokens) => attentionOps(plan, tokens))).toEqual([inParts, absorbed, expanded]);
    expect(attentionOps(await lite({ flashAttention: off }), 128)).toEqual(inParts);
  });

  test("-fa speaks of models without latent attention too", async () => {
    const llama = await planOf("llama-3.1-8b", 2, { flashAttention: { decode: false } });
    expect([1, 2].map((tokens) => attentionOps(llama, tokens))).toEqual([plainInParts, plain]);
  });
});

const values = (plan: Plan): number => plan.devices.reduce((sum, { states }) => sum + states, 0);

test("modes 1, 2, 3 and auto keep 576 values a token and layer, mode 0 every head's 192 + 128", async () => {
  for (const mla of ["1", "2", "3", "auto"] as const) {
    expect(values(await lite({ mla })), mla).toBe(2 * 576 * CONTEXT * 2);
  }
  expect(values(await lite({ mla: "0" }))).toBe(2 * 16 * (192 + 128) * CONTEXT * 2);
});

test("multiplications differ as the modes' definitions say", async () => {
  const flops = async (mla: "0" | "1" | "3", tokens: number) => {
    const plan = await lite({ mla });
    const { nodes } = estimateStep(plan, { tokens, context: CONTEXT, sequences: 1 });
    const own = nodes.filter(({ node }) => /^blk\.1\.attn\.(mla|attention)/.test(node));
    return own.reduce((sum, each) => sum + each.flops, 0);
  };
  const [plainOps, absorbing, expanding] = [
    await flops("0", 512),
    await flops("1", 512),
    await flops("3", 512),
  ];
  // Scores and sums over 576 + 512 values a row and head instead of 192 + 128.
  expect(absorbing / plainOps).toBeCloseTo(1088 / 320, 0);
  // Every row of the context is expanded once: 2·16·4096·512·256 more.
  expect(expanding - plainOps).toBe(2 * 16 * CONTEXT * 512 * 256);
  expect(await flops("3", 1)).toBe(await flops("1", 1));
});

test("-mla auto prints where expanding begins, and the estimates agree on both sides", async () => {
  const plan = await lite({ mla: "auto" });
  const rule = plan.rules.find(({ name }) => name.includes("expands from"));
  const from = rule?.when.tokensPerSequence?.atLeast ?? 0;
  expect(from).toBeGreaterThan(1);
  expect(rule?.why).toContain(`at context 512 and ${from - 1} at ${CONTEXT}, decompressed above`);
  expect(attentionOps(plan, from - 1)).toEqual(absorbed);
  expect(attentionOps(plan, from)).toEqual(expanded);

  const time = async (mla: "1" | "3", tokens: number) => {
    const rules = [
      {
        name: "always",
        origin: { kind: "api" as const },
        when: { op: "mla_attention" },
        do: { lower: mla === "1" ? "absorbed" : "decompressed" },
        else: "error" as const,
      },
    ];
    return estimateStep(await lite({}, { rules }), { tokens, context: CONTEXT, sequences: 1 }).totalNs;
  };
  expect(await time("3", from - 1)).toBeGreaterThanOrEqual(await time("1", from - 1));
  expect(await time("3", from)).toBeLessThan(await time("1", from));
  expect(planHash(await lite({ mla: "auto" }))).toBe(planHash(plan));
});

test("where absorbing costs less at any size, -mla auto always absorbs and says what was tried", async () => {
  const plan = await lite({ mla: "auto" }, { microBatch: 8 });
  expect(attentionOps(plan, 8)).toEqual(absorbed);
  expect(plan.rules.find(({ name }) => name.startsWith("-mla auto"))?.why).toContain(
    "up to 8 new tokens, the most that were tried,",
  );
});

test.each<[string, string, PlanModelOptions]>([
  ["-mla on a model without latent attention", "llama-3.1-8b", { lowering: { mla: "3" } }],
  ["-mla auto on such a model", "llama-3.1-8b", { lowering: { mla: "auto" } }],
  ["-mla 0 on such a model", "llama-3.1-8b", { lowering: { mla: "0" } }],
  ["-fmoe on a model without experts", "llama-3.1-8b", { lowering: { fusedExperts: true } }],
  ["--no-expert-groups without groups", "deepseek-v2-lite", { expertGroups: false }],
  ["--no-expert-groups without experts", "llama-3.1-8b", { expertGroups: false }],
])("%s is refused: it would have no effect", async (_, arch, more) => {
  await expect(planOf(arch, 2, {}, more)).rejects.toMatchObject({ code: "flags/no-effect" });
});

test("--no-expert-groups takes the groups out of the router", async () => {
  const groups = (plan: Plan) => plan.nodes.find(({ op }) => op === "route_experts")?.attrs.groups;
  const tall = { budgets: { cpu: 2 ** 42 } };
  expect(groups(await planOf("deepseek-v3", 4, {}, tall))).toMatchObject({ count: 8, used: 4 });
  expect(groups(await planOf("deepseek-v3", 4, {}, { ...tall, expertGroups: false }))).toBeUndefined();
});
