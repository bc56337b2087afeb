import { expect, test } from "vitest";
import { allLogits, expectSameBits, referenceFile, someTokens, withEngine } from "./support.ts";

const models = [
  { name: "the embedded model", model: undefined, vocab: 4096 },
  { name: "rand-llama", model: referenceFile("rand-llama.gguf"), vocab: 384 },
  { name: "rand-deepseek3", model: referenceFile("rand-deepseek3.gguf"), vocab: 384 },
  { name: "rand-qwen3moe", model: referenceFile("rand-qwen3moe.gguf"), vocab: 384 },
];

test.each(models)(
  "$name computes the same bits with its weights left in the file",
  async ({ model, vocab }) => {
    const options = {
      contextLength: 256,
      microBatch: 160,
      maxOutputs: 160,
      backend: "cpu",
      model,
      threads: 2,
    } as const;
    const long = someTokens(150, vocab);
    const short = someTokens(3, vocab, 3);
    const copied = await withEngine(options, async (e) => [
      await allLogits(e, long),
      await allLogits(e, short),
    ]);
    await withEngine({ ...options, placement: { mapWeights: true } }, async (engine) => {
      expectSameBits(await allLogits(engine, long), copied[0] as Float32Array);
      expectSameBits(await allLogits(engine, short), copied[1] as Float32Array);
      const copies = engine.plan.weights.flatMap((weight) => weight.copies);
      expect(copies.filter(({ mapped }) => mapped).length).toBeGreaterThan(copies.length / 2);
      for (const { planned, counted } of engine.memory()) expect(counted).toEqual(planned);
    });
  },
);
