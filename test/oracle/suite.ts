import { Engine } from "@tensorplan/runtime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chunkLosses, compareLogits, firstGreedyDifference } from "./compare.ts";
import { perplexityTokens, referenceModels } from "./reference.ts";

export interface OracleOptions {
  readonly backend: "cpu" | "reference";
  /** Chunks of 512 tokens whose perplexity is measured. */
  readonly chunks: number;
}

/** Holds a backend, with every reference model, against Hugging Face's logits, greedy text and perplexity, for files of 16-bit and of quantised weights. */
export function oracleSuite({ backend, chunks }: OracleOptions): void {
  for (const model of referenceModels) {
    const title = model.absent === undefined ? model.name : `${model.name} (skipped: ${model.absent})`;
    describe.skipIf(model.absent !== undefined)(`${title} on ${backend}`, () => {
      let engine: Engine;
      beforeAll(async () => {
        engine = await Engine.load({
          model: model.path,
          backend,
          contextLength: 1024,
          microBatch: 512,
          maxOutputs: 512,
        });
      });
      afterAll(() => engine?.dispose());

      model.prompts.forEach((prompt, i) => {
        test(`logits of '${prompt.name}'`, async () => {
          const d = await compareLogits(engine, prompt, model.lastLogits[i] as Float32Array);
          const { error, bound, topShare } = model.quantised
            ? { error: d.mean / d.spread, bound: 0.03, topShare: 0.95 }
            : { error: d.largest, bound: 2e-2, topShare: 0.99 };
          expect(error).toBeLessThan(bound);
          expect(d.topEqual / d.positions).toBeGreaterThanOrEqual(topShare);
        });

        test.skipIf(model.quantised)(`greedy text after '${prompt.name}'`, async () => {
          const step = await firstGreedyDifference(engine, prompt);
          // A near tie in the reference may fall either way; after it the texts have parted.
          const tie = prompt.greedy_gap.findIndex((gap) => gap < 0.02);
          const excused = step === undefined || (tie !== -1 && tie <= step);
          expect(excused, `parts at step ${step}`).toBe(true);
        });
      });

      const { perplexity } = model;
      test.skipIf(perplexity === undefined)(`perplexity of ${chunks * 512} tokens`, async () => {
        const losses = await chunkLosses(engine, model, perplexityTokens(), chunks);
        const ours = Math.exp(losses.reduce((a, b) => a + b, 0) / (chunks * 512));
        const expected = (perplexity?.nllPerChunk ?? []).slice(0, chunks).reduce((a, b) => a + b, 0);
        expect(Math.abs(ours / Math.exp(expected / (chunks * 512)) - 1)).toBeLessThan(0.005);
      });
    });
  }
}
