import { qwen3moePreset } from "../architectures/qwen3moe.ts";

const vocabulary = { size: 151_936, pre: "qwen2", bos: 151_643, eos: 151_645, addBos: false };

/** @see https://huggingface.co/Qwen/Qwen3-30B-A3B */
export const qwen3_30b = qwen3moePreset({
  name: "qwen3-30b-a3b",
  layers: 48,
  context: 40_960,
  vocabulary,
  embd: 2048,
  ffn: 6144,
  heads: 32,
  kvHeads: 4,
  headDim: 128,
  experts: 128,
  expertsUsed: 8,
  expertFfn: 768,
  ropeBase: 1_000_000,
});

/** @see https://huggingface.co/Qwen/Qwen3-235B-A22B */
export const qwen3_235b = qwen3moePreset({
  name: "qwen3-235b-a22b",
  layers: 94,
  context: 40_960,
  vocabulary,
  embd: 4096,
  ffn: 12_288,
  heads: 64,
  kvHeads: 4,
  headDim: 128,
  experts: 128,
  expertsUsed: 8,
  expertFfn: 1536,
  ropeBase: 1_000_000,
});
