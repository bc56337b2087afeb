import { cpuBackend } from "@tensorplan/backend-cpu";
import { referenceBackend } from "@tensorplan/backend-reference";
import { evaluateSize, size } from "@tensorplan/ir";
import type { Engine } from "@tensorplan/runtime";
import { type Plan, planFor } from "@tensorplan/scheduler";
import { expect, test } from "vitest";
import {
  allLogits,
  distance,
  expectSameBits,
  randomNumbers,
  randomPlacement,
  referenceFile,
  someTokens,
  withEngine,
} from "./support.ts";

const base = { contextLength: 256, microBatch: 160, maxOutputs: 160 } as const;
const variantFor = (plan: Plan, tokens: number) =>
  planFor(plan, { tokensPerSequence: tokens, tokens, context: tokens, sequences: 1 });

const models = [
  { name: "the embedded model", model: undefined, vocab: 4096 },
  { name: "rand-llama", model: referenceFile("rand-llama.gguf"), vocab: 384 },
  { name: "rand-deepseek3", model: referenceFile("rand-deepseek3.gguf"), vocab: 384 },
];

/** Copies that the plan lists for steps of the given sizes, and what was counted for the steps of that variant, which are these. */
function expectLedgerAsPlanned(
  engine: Engine,
  variantId: string,
  steps: readonly Readonly<Record<string, number>>[],
): number {
  const variant = engine.plan.variants.find(({ id }) => id === variantId);
  const planned = (variant?.transfers ?? []).map(({ value, formula, from, to }) => [
    value,
    from,
    to,
    steps.reduce((sum, symbols) => sum + evaluateSize(size(formula), symbols), 0),
  ]);
  const measured = engine
    .ledger()
    .filter((row) => row.variant === variantId)
    .map(({ value, from, to, measured: bytes }) => [value, from, to, bytes]);
  const sorted = (rows: readonly unknown[]) => rows.map((row) => JSON.stringify(row)).sort();
  expect(sorted(measured)).toEqual(sorted(planned));
  return planned.length;
}

for (const { name, model, vocab } of models) {
  test(`${name}: random placements over two CPU devices give the bits of one`, async () => {
    const long = someTokens(150, vocab);
    const short = someTokens(9, vocab, 3);
    const medium = someTokens(33, vocab, 5);
    const options = { ...base, backend: "cpu", model, threads: 1 } as const;
    const one = await withEngine(options, async (e) => [
      await allLogits(e, long),
      await allLogits(e, medium),
      await allLogits(e, short),
    ]);
    let transfers = 0;
    for (let seed = 1; seed <= 3; seed++) {
      const two = { ...options, cpuDevices: 2 };
      const rules = await randomPlacement(two, ["cpu:0", "cpu:1"], randomNumbers(seed));
      await withEngine({ ...two, rules }, async (engine) => {
        expectSameBits(await allLogits(engine, long), one[0] as Float32Array);
        expectSameBits(await allLogits(engine, medium), one[1] as Float32Array);
        expectSameBits(await allLogits(engine, short), one[2] as Float32Array);
        const symbolsOf = (tokens: number) => {
          const pages = Math.ceil(tokens / 64);
          return { tokens, outputs: tokens, sequences: 1, pages, context: 64 * pages, slots: 256 };
        };
        // Each prompt was run by the variant whose box its sizes lie in, and no other variant was run.
        const ran = new Map<string, (readonly number[])[]>();
        for (const prompt of [long, medium, short]) {
          const { id } = variantFor(engine.plan, prompt.length);
          ran.set(id, [...(ran.get(id) ?? []), prompt]);
        }
        for (const [id, prompts] of ran)
          transfers += expectLedgerAsPlanned(
            engine,
            id,
            prompts.map(({ length }) => symbolsOf(length)),
          );
        const listed = engine.ledger().flatMap(({ variant }) => variant ?? []);
        for (const id of listed) expect([...ran.keys()]).toContain(id);
        for (const { planned, counted } of engine.memory()) expect(counted).toEqual(planned);
        expect(engine.differences()).toEqual([]);
      });
    }
    expect(transfers).toBeGreaterThan(10);
  });

  test(`${name}: random mixes of the CPU and the reference backend stay within tolerance`, async () => {
    const tokens = someTokens(24, vocab);
    const reference = await withEngine({ ...base, backend: "reference", model }, (e) => allLogits(e, tokens));
    const options = { ...base, model, backends: [cpuBackend, referenceBackend] };
    const rules = await randomPlacement(options, ["cpu", "reference"], randomNumbers(11));
    const mixed = await withEngine({ ...options, rules }, (e) => allLogits(e, tokens));
    const { largest, spread } = distance(mixed, reference);
    // Activations are rounded to eight bits where the embedded model's weights are quantised.
    expect(largest / spread).toBeLessThan(model === undefined ? 0.25 : 5e-3);
  });
}

test("weights of attention that lie away from its cache make a plan of parts, with the same bits", async () => {
  const tokens = someTokens(20, 4096);
  const options = { ...base, backend: "cpu", threads: 1 } as const;
  const one = await withEngine(options, (e) => allLogits(e, tokens));
  const placement = { overrideTensors: ["blk.3.attn=cpu:1"] };
  await withEngine({ ...options, cpuDevices: 2, placement }, async (engine) => {
    expectSameBits(await allLogits(engine, tokens), one);
    const lowered = engine.plan.variants.map(
      ({ lowerings }) => lowerings.find(({ node }) => node === "blk.3.attn.mla")?.lowering,
    );
    expect(new Set(lowered)).toEqual(new Set(["absorbed"]));
  });
});

test("a layer whose up and gate weights lie apart is done in parts, within tolerance", async () => {
  const tokens = someTokens(20, 4096);
  const options = { ...base, backend: "cpu", threads: 1 } as const;
  const one = await withEngine(options, (e) => allLogits(e, tokens));
  const placement = { overrideTensors: ["blk.3.ffn_up_exps=cpu:1"] };
  await withEngine({ ...options, cpuDevices: 2, placement }, async (engine) => {
    expect(engine.plan.variants.every(({ splits }) => splits.length > 2)).toBe(true);
    const { largest, spread } = distance(await allLogits(engine, tokens), one);
    expect(largest / spread).toBeLessThan(0.25);
  });
});
