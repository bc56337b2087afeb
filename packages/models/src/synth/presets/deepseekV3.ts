import { type Deepseek2Settings, deepseek2Preset } from "../architectures/deepseek2.ts";

/** DeepSeek R1 has the same sizes. */
const settings = {
  layers: 61,
  denseLayers: 3,
  context: 163_840,
  vocabulary: { size: 129_280, pre: "deepseek-v3", bos: 0, eos: 1, addBos: true },
  embd: 7168,
  ffn: 18_432,
  heads: 128,
  queryLora: 1536,
  latent: 512,
  nope: 128,
  rope: 64,
  value: 128,
  experts: 256,
  expertsUsed: 8,
  expertsShared: 1,
  expertFfn: 2048,
  expertScale: 2.5,
  normalise: true,
  gating: "sigmoid",
  groups: { count: 8, used: 4 },
  ropeBase: 10_000,
  yarn: { factor: 40, originalContext: 4096, logMultiplier: 0.1 },
} as const satisfies Omit<Deepseek2Settings, "name">;

/** @see https://huggingface.co/deepseek-ai/DeepSeek-V3 */
export const deepseekV3 = deepseek2Preset({ name: "deepseek-v3", ...settings });

/** @see https://huggingface.co/deepseek-ai/DeepSeek-R1 */
export const deepseekR1 = deepseek2Preset({ name: "deepseek-r1", ...settings });
