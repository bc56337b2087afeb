import { deepseek2Preset } from "../architectures/deepseek2.ts";

/** @see https://huggingface.co/deepseek-ai/DeepSeek-V2-Lite */
export const deepseekV2Lite = deepseek2Preset({
  name: "deepseek-v2-lite",
  layers: 27,
  denseLayers: 1,
  context: 163_840,
  vocabulary: { size: 102_400, pre: "deepseek-llm", bos: 100_000, eos: 100_001, addBos: true },
  embd: 2048,
  ffn: 10_944,
  heads: 16,
  latent: 512,
  nope: 128,
  rope: 64,
  value: 128,
  experts: 64,
  expertsUsed: 6,
  expertsShared: 2,
  expertFfn: 1408,
  expertScale: 1,
  normalise: false,
  gating: "softmax",
  ropeBase: 10_000,
  yarn: { factor: 40, originalContext: 4096, logMultiplier: 0.0707 },
});
