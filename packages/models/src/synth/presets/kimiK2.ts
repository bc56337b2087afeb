import { deepseek2Preset } from "../architectures/deepseek2.ts";

/**
 * The synthetic vocabulary goes with DeepSeek V3's pre-tokenizer.
 * @see https://huggingface.co/moonshotai/Kimi-K2-Instruct
 */
export const kimiK2 = deepseek2Preset({
  name: "kimi-k2",
  layers: 61,
  denseLayers: 1,
  context: 131_072,
  vocabulary: { size: 163_840, pre: "deepseek-v3", bos: 163_584, eos: 163_585, addBos: true },
  embd: 7168,
  ffn: 18_432,
  heads: 64,
  queryLora: 1536,
  latent: 512,
  nope: 128,
  rope: 64,
  value: 128,
  experts: 384,
  expertsUsed: 8,
  expertsShared: 1,
  expertFfn: 2048,
  expertScale: 2.827,
  normalise: true,
  gating: "sigmoid",
  ropeBase: 50_000,
  yarn: { factor: 32, originalContext: 4096, logMultiplier: 0.1 },
});
