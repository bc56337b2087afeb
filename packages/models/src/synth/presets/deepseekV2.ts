import { deepseek2Preset } from "../architectures/deepseek2.ts";

/** @see https://huggingface.co/deepseek-ai/DeepSeek-V2 */
export const deepseekV2 = deepseek2Preset({
  name: "deepseek-v2",
  layers: 60,
  denseLayers: 1,
  context: 163_840,
  vocabulary: { size: 102_400, pre: "deepseek-llm", bos: 100_000, eos: 100_001, addBos: true },
  embd: 5120,
  ffn: 12_288,
  heads: 128,
  queryLora: 1536,
  latent: 512,
  nope: 128,
  rope: 64,
  value: 128,
  experts: 160,
  expertsUsed: 6,
  expertsShared: 2,
  expertFfn: 1536,
  expertScale: 16,
  normalise: false,
  gating: "softmax",
  groups: { count: 8, used: 3 },
  ropeBase: 10_000,
  yarn: { factor: 40, originalContext: 4096, logMultiplier: 0.0707 },
});
