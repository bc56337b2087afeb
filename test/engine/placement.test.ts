import { cpuBackend } from "@tensorplan/backend-cpu";
import { referenceBackend } from "@tensorplan/backend-reference";
import { evaluateSize, size } from "@tensorplan/ir";
import type { Engine } from "@tensorplan/runtime";
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
    const options = { ...base, backend: "cpu", model, threads: 1 } as const;
    const one = await withEngine(options, async (e) => [await allLogits(e, long), await allLogits(e, short)]);
    let transfers = 0;
    for (let seed = 1; seed <= 3; seed++) {
      const two = { ...options, cpuDevices: 2 };
      const rules = await randomPlacement(two, ["cpu:0", "cpu:1"], randomNumbers(seed));
      await withEngine({ ...two, rules }, async (engine) => {
        expectSameBits(await allLogits(engine, long), one[0] as Float32Array);
        expectSameBits(await allLogits(engine, short), one[1] as Float32Array);
        const symbolsOf = (tokens: number) => {
          const pages = Math.ceil(tokens / 64);
          return { tokens, outputs: tokens, sequences: 1, pages, context: 64 * pages, slots: 256 };
        };
        for (const { id, box } of engine.plan.variants) {
          const { from, below } = box.tokensPerSequence;
          const steps = [150, 9]
            .filter((tokens) => from <= tokens && (below === null || tokens < below))
            .map(symbolsOf);
          transfers += expectLedgerAsPlanned(engine, id, steps);
        }
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
    const lowered = engine.plan.variants.map(({ id, lowerings }) => [
      id,
      lowerings.find(({ node }) => node === "blk.3.attn.mla")?.lowering,
    ]);
    expect(lowered).toEqual([
      ["decode", "absorbed"],
      ["prefill", "absorbed"],
    ]);
  });
});
