import { f32, type Keys, prefixed, u32 } from "../keys.ts";
import type { SynthPreset, VocabularySettings } from "../preset.ts";
import {
  attentionOutput,
  embeddingTable,
  feedForwardOutput,
  matrix,
  norm,
  outputHead,
  values,
} from "../synthTensor.ts";

/** How Llama 3.1 and later stretch the rotation's frequencies. */
interface FrequencyStretch {
  readonly factor: number;
  readonly low: number;
  readonly high: number;
  readonly originalContext: number;
}

export interface LlamaSettings {
  readonly name: string;
  readonly layers: number;
  readonly context: number;
  readonly vocabulary: VocabularySettings;
  readonly embd: number;
  readonly ffn: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly ropeBase: number;
  readonly stretch: FrequencyStretch;
}

export const llamaPreset = (settings: LlamaSettings): SynthPreset => ({
  name: settings.name,
  architecture: "llama",
  layers: settings.layers,
  vocabulary: settings.vocabulary,
  layouts: ["mla"],
  metadata: (layers) => prefixed("llama", keys(settings, layers)),
  tensors: (layers) => {
    const { embd, ffn, heads, kvHeads, headDim, vocabulary } = settings;
    return [
      embeddingTable("token_embd", vocabulary.size, embd),
      norm("output_norm", embd),
      outputHead("output", vocabulary.size, embd),
      values("rope_freqs.weight", frequencyFactors(settings)),
      ...Array.from({ length: layers }, (_, index) => {
        const layer = `blk.${index}`;
        return [
          norm(`${layer}.attn_norm`, embd),
          matrix(`${layer}.attn_q`, heads * headDim, embd),
          matrix(`${layer}.attn_k`, kvHeads * headDim, embd),
          matrix(`${layer}.attn_v`, kvHeads * headDim, embd),
          attentionOutput(`${layer}.attn_output`, embd, heads * headDim),
          norm(`${layer}.ffn_norm`, embd),
          matrix(`${layer}.ffn_gate`, ffn, embd),
          matrix(`${layer}.ffn_up`, ffn, embd),
          feedForwardOutput(`${layer}.ffn_down`, embd, ffn),
        ];
      }).flat(),
    ];
  },
});

const keys = (settings: LlamaSettings, layers: number): Keys => [
  ["block_count", u32(layers)],
  ["context_length", u32(settings.context)],
  ["embedding_length", u32(settings.embd)],
  ["feed_forward_length", u32(settings.ffn)],
  ["attention.head_count", u32(settings.heads)],
  ["attention.head_count_kv", u32(settings.kvHeads)],
  ["attention.key_length", u32(settings.headDim)],
  ["attention.value_length", u32(settings.headDim)],
  ["attention.layer_norm_rms_epsilon", f32(1e-5)],
  ["vocab_size", u32(settings.vocabulary.size)],
  ["rope.dimension_count", u32(settings.headDim)],
  ["rope.freq_base", f32(settings.ropeBase)],
];

/** Each pair's divisor: 1 for short waves, `factor` for those longer than the original context, a blend between. */
function frequencyFactors({ headDim, ropeBase, stretch }: LlamaSettings): readonly number[] {
  const { factor, low, high, originalContext } = stretch;
  return Array.from({ length: headDim / 2 }, (_, pair) => {
    const wave = 2 * Math.PI * ropeBase ** ((2 * pair) / headDim);
    if (wave < originalContext / high) return 1;
    if (wave > originalContext / low) return factor;
    const blend = (originalContext / wave - low) / (high - low);
    return 1 / ((1 - blend) / factor + blend);
  });
}
