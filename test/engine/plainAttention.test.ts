import { join } from "node:path";
import { type SynthLayout, writeSynth } from "@tensorplan/models";
import { Engine } from "@tensorplan/runtime";
import { describe, expect, test } from "vitest";
import { deepseek2Preset } from "../../packages/models/src/synth/architectures/deepseek2.ts";
import { temporaryFolder } from "../cli/support.ts";

const folder = temporaryFolder();

/** A small model whose heads can't be had by doubling one. */
const preset = (heads: number) =>
  deepseek2Preset({
    name: `small, ${heads} heads`,
    layers: 2,
    denseLayers: 1,
    context: 256,
    vocabulary: { size: 300, pre: "deepseek-llm", bos: 0, eos: 1, addBos: true },
    embd: 64,
    ffn: 96,
    heads,
    latent: 64,
    nope: 32,
    rope: 32,
    value: 32,
    experts: 4,
    expertsUsed: 2,
    expertsShared: 1,
    expertFfn: 32,
    expertScale: 1,
    normalise: false,
    gating: "softmax",
    ropeBase: 10_000,
    yarn: { factor: 8, originalContext: 64, logMultiplier: 0.1 },
  });

const prompt = Array.from({ length: 70 }, (_, i) => (i * 37) % 300);

async function logitsOf(
  model: string,
  mla: "0" | "1",
  backend: "cpu" | "reference" = "cpu",
): Promise<Float32Array> {
  const engine = await Engine.load({ model, backend, cacheDType: "f32", lowering: { mla } });
  try {
    const sequence = engine.sequence();
    await engine.prefill(sequence, prompt);
    const [last] = await engine.decode([{ sequence, token: 5 }]);
    return last as Float32Array;
  } finally {
    await engine.dispose();
  }
}

const apart = (a: Float32Array, b: Float32Array): number =>
  a.reduce((most, x, i) => Math.max(most, Math.abs(x - (b[i] as number))), 0);

describe("plain attention of a model with a latent cache", () => {
  test.each<[number, SynthLayout, "f16" | "iq4_nl"]>([
    [1, "kv_b", "f16"],
    [3, "kv_b", "f16"],
    [3, "mla", "f16"],
    [7, "mla", "f16"],
    [3, "kv_b", "iq4_nl"],
    [3, "mla", "iq4_nl"],
  ])(
    "%d heads, weights stored as %s in %s: the logits of absorbed attention",
    async (heads, layout, type) => {
      const model = join(folder, `${heads}-${layout}-${type}.gguf`);
      await writeSynth(model, { preset: preset(heads), type, layout });
      const [plain, absorbed] = [await logitsOf(model, "0"), await logitsOf(model, "1")];
      expect(Math.max(...absorbed) - Math.min(...absorbed)).toBeGreaterThan(0.5);
      // Weights in blocks are multiplied with activations that are rounded at other places.
      expect(apart(plain, absorbed)).toBeLessThan(type === "f16" ? 1e-3 : 0.1);
      expect(apart(plain, await logitsOf(model, "0", "reference"))).toBeLessThan(type === "f16" ? 1e-3 : 0.1);
    },
  );
});
