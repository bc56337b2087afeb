import { f32, type Keys, prefixed, u32 } from "../keys.ts";
import type { SynthPreset, VocabularySettings } from "../preset.ts";
import {
  attentionOutput,
  embeddingTable,
  feedForwardOutput,
  matrix,
  norm,
  outputHead,
  router,
} from "../synthTensor.ts";

export interface Qwen3MoeSettings {
  readonly name: string;
  readonly layers: number;
  readonly context: number;
  readonly vocabulary: VocabularySettings;
  readonly embd: number;
  /** Of a dense layer; written down though no layer is dense. */
  readonly ffn: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly experts: number;
  readonly expertsUsed: number;
  readonly expertFfn: number;
  readonly ropeBase: number;
}

export const qwen3moePreset = (settings: Qwen3MoeSettings): SynthPreset => ({
  name: settings.name,
  architecture: "qwen3moe",
  layers: settings.layers,
  vocabulary: settings.vocabulary,
  layouts: ["mla"],
  metadata: (layers) => prefixed("qwen3moe", keys(settings, layers)),
  tensors: (layers) => {
    const { embd, heads, kvHeads, headDim, experts, expertFfn, vocabulary } = settings;
    return [
      embeddingTable("token_embd", vocabulary.size, embd),
      norm("output_norm", embd),
      outputHead("output", vocabulary.size, embd),
      ...Array.from({ length: layers }, (_, index) => {
        const layer = `blk.${index}`;
        return [
          norm(`${layer}.attn_norm`, embd),
          matrix(`${layer}.attn_q`, heads * headDim, embd),
          norm(`${layer}.attn_q_norm`, headDim),
          matrix(`${layer}.attn_k`, kvHeads * headDim, embd),
          norm(`${layer}.attn_k_norm`, headDim),
          matrix(`${layer}.attn_v`, kvHeads * headDim, embd),
          attentionOutput(`${layer}.attn_output`, embd, heads * headDim),
          norm(`${layer}.ffn_norm`, embd),
          router(`${layer}.ffn_gate_inp`, experts, embd),
          matrix(`${layer}.ffn_gate_exps`, experts, expertFfn, embd),
          matrix(`${layer}.ffn_up_exps`, experts, expertFfn, embd),
          feedForwardOutput(`${layer}.ffn_down_exps`, experts, embd, expertFfn),
        ];
      }).flat(),
    ];
  },
});

const keys = (settings: Qwen3MoeSettings, layers: number): Keys => [
  ["block_count", u32(layers)],
  ["context_length", u32(settings.context)],
  ["embedding_length", u32(settings.embd)],
  ["feed_forward_length", u32(settings.ffn)],
  ["attention.head_count", u32(settings.heads)],
  ["attention.head_count_kv", u32(settings.kvHeads)],
  ["attention.key_length", u32(settings.headDim)],
  ["attention.value_length", u32(settings.headDim)],
  ["attention.layer_norm_rms_epsilon", f32(1e-6)],
  ["vocab_size", u32(settings.vocabulary.size)],
  ["expert_count", u32(settings.experts)],
  ["expert_used_count", u32(settings.expertsUsed)],
  ["expert_feed_forward_length", u32(settings.expertFfn)],
  ["rope.freq_base", f32(settings.ropeBase)],
];
