import { HyperparameterReader, type Metadata } from "../definition/metadata.ts";
import type { TensorTable } from "../definition/weights.ts";
import type { Routing } from "../parts/routedExperts.ts";

interface Yarn {
  readonly factor: number;
  readonly originalContext: number;
  /** Factor on the softmax scale is `(1 + logMultiplier · ln factor)²`. */
  readonly logMultiplier: number;
}

/** Settings of DeepSeek V2, V2-Lite, V3 and R1 (arXiv:2405.04434, arXiv:2412.19437). All sizes in elements. */
export interface Deepseek2Config {
  readonly layers: number;
  readonly denseLayers: number;
  readonly vocab: number;
  readonly embd: number;
  readonly ffn: number;
  readonly heads: number;
  /** Rank of the query's low-rank form; undefined where `attn_q` is whole. */
  readonly queryLora: number | undefined;
  readonly latent: number;
  readonly nope: number;
  readonly rope: number;
  readonly value: number;
  readonly experts: number;
  readonly expertsUsed: number;
  readonly expertFfn: number;
  readonly sharedFfn: number;
  readonly routing: Routing;
  readonly ropeBase: number;
  readonly yarn: Yarn | undefined;
  readonly normEps: number;
  readonly trainedContext: number;
}

/** GGUF's numbering of gating functions; files without the key come from before there was a choice. */
const gatingOf = (read: HyperparameterReader): Routing["gating"] => {
  const code = read.optionalCount("expert_gating_func") ?? 1;
  if (code === 1) return "softmax";
  if (code === 2) return "sigmoid";
  return read.invalid("expert_gating_func", code, "1 (softmax) or 2 (sigmoid)");
};

function readRouting(read: HyperparameterReader): Routing {
  const gating = gatingOf(read);
  const count = read.optionalCount("expert_group_count") ?? 1;
  const used = read.optionalCount("expert_group_used_count") ?? count;
  return {
    gating,
    // V2 scores a group by its best expert, V3 by the sum of its two best.
    groups:
      count > 1 && used < count ? { count, used, score: gating === "sigmoid" ? "top2" : "max" } : undefined,
    normalise: read.optionalBoolean("expert_weights_norm") ?? false,
    scale: read.optionalNumber("expert_weights_scale") || 1,
  };
}

function readYarn(read: HyperparameterReader): Yarn | undefined {
  const type = read.optionalString("rope.scaling.type") ?? "none";
  if (type === "none") return undefined;
  if (type !== "yarn") return read.invalid("rope.scaling.type", type, "none or yarn");
  const factor = read.number("rope.scaling.factor");
  if (factor < 1) return read.invalid("rope.scaling.factor", factor, "at least 1");
  return {
    factor,
    originalContext: read.count("rope.scaling.original_context_length"),
    logMultiplier: read.optionalNumber("rope.scaling.yarn_log_multiplier") ?? 0,
  };
}

/** @throws TensorplanError `model/metadata-missing`, `model/metadata-invalid` */
export function readDeepseek2Config(metadata: Metadata, tensors: TensorTable): Deepseek2Config {
  const read = new HyperparameterReader(metadata, "deepseek2");
  const layers = read.count("block_count");
  const rope = read.count("rope.dimension_count");
  // Files that store attn_k_b and attn_v_b describe the cache in key_length (576) and the heads in the *_mla keys.
  const keyLength = read.optionalCount("attention.key_length_mla") ?? read.count("attention.key_length");
  if (keyLength <= rope)
    read.invalid("attention.key_length", keyLength, `more than rope.dimension_count (${rope})`);
  const experts = read.optionalCount("expert_count") ?? 0;
  const expertFfn = experts === 0 ? 0 : read.count("expert_feed_forward_length");
  return {
    layers,
    denseLayers: experts === 0 ? layers : (read.optionalCount("leading_dense_block_count") ?? 0),
    vocab: tensors.get("token_embd.weight")?.shape[0] ?? read.count("vocab_size"),
    embd: read.count("embedding_length"),
    ffn: read.count("feed_forward_length"),
    heads: read.count("attention.head_count"),
    // A rank of 0 and a missing key both mean that there is none, but only the tensors are never wrong.
    queryLora:
      tensors.get("blk.0.attn_q.weight") === undefined ? read.count("attention.q_lora_rank") : undefined,
    latent: read.count("attention.kv_lora_rank"),
    nope: keyLength - rope,
    rope,
    value: read.optionalCount("attention.value_length_mla") ?? read.count("attention.value_length"),
    experts,
    expertsUsed: experts === 0 ? 0 : read.count("expert_used_count"),
    expertFfn,
    sharedFfn: expertFfn * (read.optionalCount("expert_shared_count") ?? 0),
    routing: readRouting(read),
    ropeBase: read.optionalNumber("rope.freq_base") ?? 10000,
    yarn: readYarn(read),
    normEps: read.number("attention.layer_norm_rms_epsilon"),
    trainedContext: read.count("context_length"),
  };
}

/** Softmax scale of attention: `m² / √(nope + rope)`, m from YaRN's attention scaling. */
export function attentionScale(config: Deepseek2Config): number {
  const m = config.yarn === undefined ? 1 : 1 + config.yarn.logMultiplier * Math.log(config.yarn.factor);
  return (m * m) / Math.sqrt(config.nope + config.rope);
}
