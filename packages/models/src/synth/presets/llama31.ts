import { llamaPreset } from "../architectures/llama.ts";

/** @see https://huggingface.co/meta-llama/Llama-3.1-8B */
export const llama31_8b = llamaPreset({
  name: "llama-3.1-8b",
  layers: 32,
  context: 131_072,
  vocabulary: { size: 128_256, pre: "llama-bpe", bos: 128_000, eos: 128_001, addBos: true },
  embd: 4096,
  ffn: 14_336,
  heads: 32,
  kvHeads: 8,
  headDim: 128,
  ropeBase: 500_000,
  stretch: { factor: 8, low: 1, high: 4, originalContext: 8192 },
});
