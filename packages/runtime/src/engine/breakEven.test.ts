import { estimateStep, plan, planHash, type Rule, rulesFromFlags } from "@tensorplan/scheduler";
import { expect, test } from "vitest";
import { publishedInput } from "../testing/publishedInput.ts";

const flags = { gpuLayers: 99, overrideTensors: ["exps=CPU"], streamTensors: ["exps=CUDA0"] };

const planOf = async (tokens: number) => {
  const input = await publishedInput("deepseek-v2-lite", "rtx4080", { layers: 4, tokens });
  const rules = rulesFromFlags(flags, { graph: input.graph, devices: input.devices });
  return { input, rules, made: plan({ ...input, rules }) };
};

const streamRule = (rules: readonly Rule[]) => rules.find((rule) => "stream" in rule.do) as Rule;

/** The number of tokens in a rule that a break-even became. */
const tokensOf = ({ when }: Rule) => when.and?.at(-1)?.tokens?.atLeast ?? 0;

test("the plan has the least number of tokens from which bringing the experts is faster", async () => {
  const { input, rules, made } = await planOf(4096);
  const rule = streamRule(made.rules);
  const least = tokensOf(rule);
  expect(least).toBeGreaterThan(1);
  expect(least).toBeLessThan(4096);
  expect(rule.do).toEqual({ stream: ["cuda:0"] });
  expect(rule.why).toContain(`from ${least} new tokens on`);

  const always = rules.map((each) => ("stream" in each.do ? { ...each, do: { stream: ["cuda:0"] } } : each));
  const never = rules.filter((each) => !("stream" in each.do));
  const [streamed, athome] = [always, never].map((own) => {
    const drafted = plan({ ...input, rules: own });
    return (tokens: number) => estimateStep(drafted, { tokens, context: tokens, sequences: 1 }).totalNs;
  }) as [(tokens: number) => number, (tokens: number) => number];
  expect(streamed(least)).toBeLessThan(athome(least));
  expect(streamed(least - 1)).toBeGreaterThanOrEqual(athome(least - 1));
  expect(streamed(4096)).toBeLessThan(athome(4096));
}, 60_000);

test("experts move there and nowhere else, and the plan's own rules give the plan again", async () => {
  const { input, made } = await planOf(4096);
  const least = tokensOf(streamRule(made.rules));
  for (const { box, nodes } of made.variants) {
    const experts = nodes.filter(({ node }) => made.nodes[node]?.op === "moe");
    expect(new Set(experts.map(({ device }) => device))).toEqual(
      new Set([box.tokens.from >= least ? "cuda:0" : "cpu"]),
    );
  }
  expect(planHash(plan({ ...input, rules: made.rules }))).toBe(planHash(made));
}, 60_000);

test("where no step is large enough, the rule says so and decides nothing", async () => {
  const { made } = await planOf(64);
  expect(streamRule(made.rules).why).toMatch(/^break-even: no step of up to 64 tokens pays for the copies/);
  expect(made.variants.flatMap(({ transfers }) => transfers).filter(({ kind }) => kind === "stream")).toEqual(
    [],
  );
}, 60_000);
