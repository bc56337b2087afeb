import { test } from "vitest";
import { allLogits, expectSameBits, referenceFile, someTokens, withEngine } from "./support.ts";

const models = [
  { name: "the embedded model", model: undefined, vocab: 4096 },
  { name: "rand-deepseek3", model: referenceFile("rand-deepseek3.gguf"), vocab: 384 },
  { name: "rand-qwen3moe", model: referenceFile("rand-qwen3moe.gguf"), vocab: 384 },
];
const base = { backend: "cpu", contextLength: 512, microBatch: 192, maxOutputs: 192 } as const;

for (const { name, model, vocab } of models) {
  const tokens = someTokens(170, vocab);

  test(`${name}: the same bits for 1, 2, 3, 4 and 7 threads, run after run`, async () => {
    const once = await withEngine({ ...base, model, threads: 1 }, (e) => allLogits(e, tokens));
    for (const threads of [2, 3, 4, 7]) {
      await withEngine({ ...base, model, threads }, async (engine) => {
        for (let run = 0; run < 2; run++) {
          expectSameBits(await allLogits(engine, tokens), once, `${threads} threads`);
        }
      });
    }
  });

  test(`${name}: the same bits for every micro-batch size`, async () => {
    const whole = await withEngine({ ...base, model }, (e) => allLogits(e, tokens));
    for (const microBatch of [1, 7, 64, 100]) {
      const cut = await withEngine({ ...base, model, microBatch, maxOutputs: microBatch }, (e) =>
        allLogits(e, tokens),
      );
      expectSameBits(cut, whole, `micro-batch ${microBatch}`);
    }
  });

  test(`${name}: a sequence has the same bits alone and among others`, async () => {
    const options = { ...base, model, sequences: 3, maxOutputs: 8 };
    const lengths = [5, 70, 64];
    const prompts = lengths.map((length, i) => someTokens(length, vocab, 7 + i));
    const next = [1, 2, 3];
    await withEngine(options, async (engine) => {
      const alone: Float32Array[] = [];
      for (const [i, prompt] of prompts.entries()) {
        const sequence = engine.sequence();
        const first = await engine.prefill(sequence, prompt);
        const [second] = await engine.decode([{ sequence, token: next[i] as number }]);
        alone.push(first, second as Float32Array);
        sequence.dispose();
      }
      const sequences = prompts.map(() => engine.sequence());
      const together: Float32Array[] = [];
      await engine.feed(
        prompts.map((prompt, i) => ({
          sequence: sequences[i] as (typeof sequences)[0],
          tokens: prompt,
          outputs: "last",
        })),
        (entry, _, logits) => {
          together[2 * entry] = logits.slice();
        },
      );
      const decoded = await engine.decode(
        sequences.map((sequence, i) => ({ sequence, token: next[i] as number })),
      );
      for (const [i, logits] of decoded.entries()) together[2 * i + 1] = logits;
      for (const [i, logits] of alone.entries()) expectSameBits(together[i] as Float32Array, logits);
    });
  });
}
