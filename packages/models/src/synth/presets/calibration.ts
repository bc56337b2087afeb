import { deepseek2Preset } from "../architectures/deepseek2.ts";
import { llamaPreset } from "../architectures/llama.ts";
import { qwen3moePreset } from "../architectures/qwen3moe.ts";
import type { SynthPreset } from "../preset.ts";

const vocabulary = (size: number) => ({ size, pre: "deepseek-llm", bos: 0, eos: 1, addBos: true });

const deepseek = {
  context: 16_384,
  latent: 512,
  nope: 128,
  rope: 64,
  value: 128,
  expertsShared: 2,
  expertScale: 1,
  normalise: false,
  gating: "softmax",
  ropeBase: 10_000,
  yarn: { factor: 40, originalContext: 4096, logMultiplier: 0.0707 },
} as const;

/**
 * Models that a device is measured with: few layers in the shapes that people run, and small ones whose weights stay in a cache. Each
 * layer does all that a layer of its family does.
 */
export const calibrationPresets: readonly SynthPreset[] = [
  deepseek2Preset({
    ...deepseek,
    name: "small latent model",
    layers: 4,
    denseLayers: 1,
    vocabulary: vocabulary(4096),
    embd: 256,
    ffn: 768,
    heads: 4,
    experts: 8,
    expertsUsed: 2,
    expertFfn: 256,
  }),
  deepseek2Preset({
    ...deepseek,
    name: "latent model",
    layers: 2,
    denseLayers: 1,
    vocabulary: vocabulary(16_384),
    embd: 2048,
    ffn: 10_944,
    heads: 16,
    experts: 64,
    expertsUsed: 6,
    expertFfn: 1408,
  }),
  llamaPreset({
    name: "dense model",
    layers: 1,
    context: 16_384,
    vocabulary: vocabulary(4096),
    embd: 4096,
    ffn: 14_336,
    heads: 32,
    kvHeads: 8,
    headDim: 128,
    ropeBase: 500_000,
    stretch: { factor: 8, low: 1, high: 4, originalContext: 8192 },
  }),
  qwen3moePreset({
    name: "expert model",
    layers: 1,
    context: 16_384,
    vocabulary: vocabulary(4096),
    embd: 2048,
    ffn: 6144,
    heads: 32,
    kvHeads: 4,
    headDim: 128,
    experts: 128,
    expertsUsed: 8,
    expertFfn: 768,
    ropeBase: 1_000_000,
  }),
];
