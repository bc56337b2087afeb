import type { GgufMetadata } from "../gguf/ggufValue.ts";
import type { SynthTensor } from "./synthTensor.ts";

/**
 * How the latent's way to keys and values is stored: `mla` as `attn_k_b` and `attn_v_b` (current llama.cpp), `kv_b` whole (ik_llama.cpp
 * and older files). Architectures without a latent have one form only.
 */
export const synthLayouts = ["mla", "kv_b"] as const;
export type SynthLayout = (typeof synthLayouts)[number];

/** What a synthetic vocabulary must agree with the published one in. */
export interface VocabularySettings {
  readonly size: number;
  /** Pre-tokenizer, as `tokenizer.ggml.pre` names it. */
  readonly pre: string;
  readonly bos: number;
  readonly eos: number;
  readonly addBos: boolean;
}

/** A published model's sizes, from which a file with random weights is made. */
export interface SynthPreset {
  /** What users type, such as `deepseek-v2-lite`. */
  readonly name: string;
  /** `general.architecture` of the file. */
  readonly architecture: string;
  readonly layers: number;
  readonly vocabulary: VocabularySettings;
  readonly layouts: readonly SynthLayout[];
  /** The architecture's own keys. */
  metadata(layers: number, layout: SynthLayout): GgufMetadata;
  tensors(layers: number, layout: SynthLayout): readonly SynthTensor[];
}
