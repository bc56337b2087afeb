import { llamaPreset } from "../architectures/llama.ts";

/** @see https://huggingface.co/meta-llama/Llama-3.3-70B-Instruct */
export const llama33_70b = llamaPreset({
  name: "llama-3.3-70b",
  layers: 80,
  context: 131_072,
  vocabulary: { size: 128_256, pre: "llama-bpe", bos: 128_000, eos: 128_009, addBos: true },
  embd: 8192,
  ffn: 28_672,
  heads: 64,
  kvHeads: 8,
  headDim: 128,
  ropeBase: 500_000,
  stretch: { factor: 8, low: 1, high: 4, originalContext: 8192 },
});
