import { bool, f32, type Keys, prefixed, text, u32 } from "../keys.ts";
import type { SynthLayout, SynthPreset, VocabularySettings } from "../preset.ts";
import {
  attentionOutput,
  embeddingTable,
  feedForwardOutput,
  matrix,
  norm,
  outputHead,
  router,
  type SynthTensor,
  zeros,
} from "../synthTensor.ts";

/** Sizes of a DeepSeek V2 or V3 model and those built like them. */
export interface Deepseek2Settings {
  readonly name: string;
  readonly layers: number;
  readonly denseLayers: number;
  readonly context: number;
  readonly vocabulary: VocabularySettings;
  readonly embd: number;
  readonly ffn: number;
  readonly heads: number;
  /** Absent where the query is projected by one whole matrix. */
  readonly queryLora?: number;
  readonly latent: number;
  readonly nope: number;
  readonly rope: number;
  readonly value: number;
  readonly experts: number;
  readonly expertsUsed: number;
  readonly expertsShared: number;
  readonly expertFfn: number;
  readonly expertScale: number;
  /** Whether the weights of the chosen experts are made to sum to one. */
  readonly normalise: boolean;
  readonly gating: "softmax" | "sigmoid";
  readonly groups?: { readonly count: number; readonly used: number };
  readonly ropeBase: number;
  readonly yarn: {
    readonly factor: number;
    readonly originalContext: number;
    readonly logMultiplier: number;
  };
}

export const deepseek2Preset = (settings: Deepseek2Settings): SynthPreset => ({
  name: settings.name,
  architecture: "deepseek2",
  layers: settings.layers,
  vocabulary: settings.vocabulary,
  layouts: ["mla", "kv_b"],
  metadata: (layers, layout) => prefixed("deepseek2", keys(settings, layers, layout)),
  tensors: (layers, layout) => [
    embeddingTable("token_embd", settings.vocabulary.size, settings.embd),
    norm("output_norm", settings.embd),
    outputHead("output", settings.vocabulary.size, settings.embd),
    ...Array.from({ length: layers }, (_, layer) => [
      ...attentionTensors(settings, `blk.${layer}`, layout),
      ...feedForwardTensors(settings, `blk.${layer}`, layer < settings.denseLayers),
    ]).flat(),
  ],
});

function keys(settings: Deepseek2Settings, layers: number, layout: SynthLayout): Keys {
  const { nope, rope, value, latent, queryLora, groups, yarn } = settings;
  // llama.cpp wants the rank and reads 0 as "none"; ik_llama.cpp reads a rank that is there as a rank.
  const rank: Keys =
    queryLora !== undefined || layout === "mla" ? [["attention.q_lora_rank", u32(queryLora ?? 0)]] : [];
  const heads: Keys =
    layout === "mla"
      ? [
          ["attention.head_count_kv", u32(1)],
          ["attention.key_length", u32(latent + rope)],
          ["attention.value_length", u32(latent)],
          ["attention.key_length_mla", u32(nope + rope)],
          ["attention.value_length_mla", u32(value)],
        ]
      : [
          ["attention.head_count_kv", u32(settings.heads)],
          ["attention.key_length", u32(nope + rope)],
          ["attention.value_length", u32(value)],
        ];
  return [
    ["block_count", u32(layers)],
    ["context_length", u32(settings.context)],
    ["embedding_length", u32(settings.embd)],
    ["feed_forward_length", u32(settings.ffn)],
    ["attention.head_count", u32(settings.heads)],
    ...heads,
    ["attention.layer_norm_rms_epsilon", f32(1e-6)],
    ...rank,
    ["attention.kv_lora_rank", u32(latent)],
    ["leading_dense_block_count", u32(Math.min(settings.denseLayers, layers))],
    ["vocab_size", u32(settings.vocabulary.size)],
    ["expert_count", u32(settings.experts)],
    ["expert_used_count", u32(settings.expertsUsed)],
    ["expert_shared_count", u32(settings.expertsShared)],
    ["expert_feed_forward_length", u32(settings.expertFfn)],
    ["expert_weights_scale", f32(settings.expertScale)],
    ["expert_weights_norm", bool(settings.normalise)],
    ["expert_gating_func", u32(settings.gating === "softmax" ? 1 : 2)],
    ...(groups === undefined
      ? []
      : ([
          ["expert_group_count", u32(groups.count)],
          ["expert_group_used_count", u32(groups.used)],
        ] satisfies Keys)),
    ["rope.dimension_count", u32(rope)],
    ["rope.freq_base", f32(settings.ropeBase)],
    ["rope.scaling.type", text("yarn")],
    ["rope.scaling.factor", f32(yarn.factor)],
    ["rope.scaling.original_context_length", u32(yarn.originalContext)],
    ["rope.scaling.yarn_log_multiplier", f32(yarn.logMultiplier)],
  ];
}

function attentionTensors(
  settings: Deepseek2Settings,
  layer: string,
  layout: SynthLayout,
): readonly SynthTensor[] {
  const { embd, heads, nope, rope, value, latent, queryLora } = settings;
  const queries = heads * (nope + rope);
  return [
    norm(`${layer}.attn_norm`, embd),
    ...(queryLora === undefined
      ? [matrix(`${layer}.attn_q`, queries, embd)]
      : [
          matrix(`${layer}.attn_q_a`, queryLora, embd),
          norm(`${layer}.attn_q_a_norm`, queryLora),
          matrix(`${layer}.attn_q_b`, queries, queryLora),
        ]),
    matrix(`${layer}.attn_kv_a_mqa`, latent + rope, embd),
    norm(`${layer}.attn_kv_a_norm`, latent),
    ...(layout === "kv_b"
      ? [matrix(`${layer}.attn_kv_b`, heads * (nope + value), latent)]
      : [
          matrix(`${layer}.attn_k_b`, heads, latent, nope),
          matrix(`${layer}.attn_v_b`, heads, value, latent),
        ]),
    attentionOutput(`${layer}.attn_output`, embd, heads * value),
    norm(`${layer}.ffn_norm`, embd),
  ];
}

function feedForwardTensors(
  settings: Deepseek2Settings,
  layer: string,
  dense: boolean,
): readonly SynthTensor[] {
  const { embd, ffn, experts, expertFfn } = settings;
  if (dense) {
    return [
      matrix(`${layer}.ffn_gate`, ffn, embd),
      matrix(`${layer}.ffn_up`, ffn, embd),
      feedForwardOutput(`${layer}.ffn_down`, embd, ffn),
    ];
  }
  const sharedFfn = expertFfn * settings.expertsShared;
  return [
    router(`${layer}.ffn_gate_inp`, experts, embd),
    ...(settings.gating === "sigmoid" ? [zeros(`${layer}.exp_probs_b.bias`, experts)] : []),
    matrix(`${layer}.ffn_gate_exps`, experts, expertFfn, embd),
    matrix(`${layer}.ffn_up_exps`, experts, expertFfn, embd),
    feedForwardOutput(`${layer}.ffn_down_exps`, experts, embd, expertFfn),
    matrix(`${layer}.ffn_gate_shexp`, sharedFfn, embd),
    matrix(`${layer}.ffn_up_shexp`, sharedFfn, embd),
    feedForwardOutput(`${layer}.ffn_down_shexp`, embd, sharedFfn),
  ];
}
