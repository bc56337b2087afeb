import { TensorplanError } from "@tensorplan/ir";
import type { SynthPreset } from "../preset.ts";
import { deepseekV2 } from "./deepseekV2.ts";
import { deepseekV2Lite } from "./deepseekV2Lite.ts";
import { deepseekR1, deepseekV3 } from "./deepseekV3.ts";
import { kimiK2 } from "./kimiK2.ts";
import { llama31_8b } from "./llama31.ts";
import { llama33_70b } from "./llama33.ts";
import { qwen3_30b, qwen3_235b } from "./qwen3.ts";

export const synthPresets: readonly SynthPreset[] = [
  deepseekV2Lite,
  deepseekV2,
  deepseekV3,
  deepseekR1,
  kimiK2,
  llama31_8b,
  llama33_70b,
  qwen3_30b,
  qwen3_235b,
];

/** @throws TensorplanError `synth/unknown-preset` */
export function synthPreset(name: string): SynthPreset {
  const preset = synthPresets.find((known) => known.name === name);
  if (preset !== undefined) return preset;
  throw new TensorplanError({
    code: "synth/unknown-preset",
    message: `no model '${name}' is known to make a synthetic file of`,
    hint: `known: ${synthPresets.map((known) => known.name).join(", ")}`,
  });
}
