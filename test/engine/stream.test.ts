import { cpuBackend } from "@tensorplan/backend-cpu";
import { referenceBackend } from "@tensorplan/backend-reference";
import type { Engine } from "@tensorplan/runtime";
import type { PlanVariant, Rule } from "@tensorplan/scheduler";
import { expect, test } from "vitest";
import { allLogits, expectSameBits, randomNumbers, someTokens, withEngine } from "./support.ts";

const base = { contextLength: 256, microBatch: 160, maxOutputs: 160 } as const;
const oneCpu = { ...base, backend: "cpu", threads: 1 } as const;
const twoCpus = { ...oneCpu, cpuDevices: 2 } as const;
const prompt = someTokens(150, 4096);
const short = someTokens(9, 4096, 3);

const stream = (name: string, when: Rule["when"], devices: readonly string[]): Rule => ({
  name,
  origin: { kind: "api" },
  when,
  do: { stream: devices },
  else: "next",
});
const streamsOf = ({ transfers }: PlanVariant) => transfers.filter(({ kind }) => kind === "stream");

/** Runs both prompts and holds what was copied and allocated against the plan. */
async function bothPrompts(engine: Engine): Promise<readonly Float32Array[]> {
  const logits = [await allLogits(engine, prompt), await allLogits(engine, short)];
  const copied = engine.ledger().filter(({ measured, variant, value }) => {
    const streams = engine.plan.variants.filter(({ id }) => id === variant).flatMap(streamsOf);
    return measured > 0 && streams.some((streamed) => streamed.value === value);
  });
  expect(copied.length).toBeGreaterThan(0);
  expect(engine.differences()).toEqual([]);
  for (const { planned, counted } of engine.memory()) expect(counted).toEqual(planned);
  return logits;
}

const reference = withEngine(oneCpu, async (engine) => [
  await allLogits(engine, prompt),
  await allLogits(engine, short),
]);

async function expectReferenceBits(logits: readonly Float32Array[]): Promise<void> {
  const expected = await reference;
  logits.forEach((values, i) => {
    expectSameBits(values, expected[i] as Float32Array);
  });
}

test("experts that long prompts stream give the same bits, and short ones compute at home", {
  timeout: 120_000,
}, async () => {
  const rules = [stream("experts", { weight: "*_exps*", tokensPerSequence: { atLeast: 100 } }, ["cpu:1"])];
  await withEngine({ ...twoCpus, rules }, async (engine) => {
    await expectReferenceBits(await bothPrompts(engine));
    const { plan } = engine;
    const streaming = plan.variants.filter((variant) => streamsOf(variant).length > 0);
    expect(streaming.length).toBeGreaterThan(0);
    for (const variant of plan.variants) {
      const long = variant.box.tokensPerSequence.from >= 100;
      expect(streamsOf(variant).length > 0, variant.id).toBe(long);
    }
    const experts = plan.weights.filter(({ weight }) => weight.includes("_exps"));
    for (const variant of streaming) {
      expect(
        streamsOf(variant)
          .map(({ value }) => value)
          .sort(),
      ).toEqual(experts.map(({ weight }) => weight).sort());
      const all = streamsOf(variant).reduce((sum, { bytes }) => sum + bytes, 0);
      // Two layers' weights at once, not all of them.
      expect(variant.memory.find(({ device }) => device === "cpu:1")?.bytes).toBeLessThan(all * 0.6);
    }
    expect(plan.devices.map(({ weights }) => weights > 0)).toEqual([true, false]);
  });
});

test("every weight may be streamed, from either device to the other", async () => {
  const random = randomNumbers(5);
  const { plan } = await withEngine(oneCpu, async (engine) => engine);
  const pick = () => (random() < 0.5 ? "cpu:0" : "cpu:1");
  const rules = plan.weights.flatMap(({ weight }): readonly Rule[] => [
    {
      name: `store ${weight}`,
      origin: { kind: "api" },
      when: { kind: "weight", weight },
      do: { store: pick() },
      else: "error",
    },
    stream(`stream ${weight}`, { weight }, random() < 0.5 ? ["cpu:0", "cpu:1"] : ["cpu:1", "cpu:0"]),
  ]);
  await withEngine(
    { ...twoCpus, rules: rules.map((rule) => ({ ...rule, optional: true })) },
    async (engine) => {
      await expectReferenceBits(await bothPrompts(engine));
      for (const variant of engine.plan.variants) {
        const pairs = new Set(streamsOf(variant).map(({ from, to }) => `${from} ${to}`));
        expect([...pairs].sort()).toEqual(["cpu:0 cpu:1", "cpu:1 cpu:0"]);
      }
    },
  );
});

test("weights are streamed between a native device and one that JavaScript runs", async () => {
  const tokens = someTokens(6, 4096);
  const options = { ...base, threads: 1, backends: [cpuBackend, referenceBackend] } as const;
  const some = { path: { regex: "^blk\\.[12]\\.ffn" }, weight: "*" } as const;
  const rule = (name: string, when: Rule["when"], action: Rule["do"]): Rule => ({
    name,
    origin: { kind: "api" },
    when,
    do: action,
    else: "error",
  });
  const place = rule("where", some, { place: "reference" });
  const held = rule("held", { weight: "blk.*" }, { replicate: ["reference"] });
  const replicated = await withEngine({ ...options, rules: [place, held] }, (e) => allLogits(e, tokens));
  const rules = [place, rule("brought", some, { stream: ["reference"] })];
  await withEngine({ ...options, rules }, async (engine) => {
    const used = engine.plan.variants.filter((variant) => streamsOf(variant).length > 0);
    expect(used.length).toBeGreaterThan(0);
    for (const { layout } of used.flatMap(streamsOf)) expect(layout).toBe("rows");
    expectSameBits(await allLogits(engine, tokens), replicated);
  });
});
