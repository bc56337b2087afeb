import { axis, concatAxis, productAxis } from "@tensorplan/ir";
import type { Deepseek2Config } from "./config.ts";

/** Every axis of a DeepSeek V2/V3 graph, declared once. A size of zero means that the model has no such part. */
export function deepseek2Axes(config: Deepseek2Config) {
  const heads = axis("heads", config.heads);
  const nope = axis("nope", config.nope);
  const rope = axis("rope", config.rope);
  const latent = axis("latent", config.latent);
  const value = axis("value", config.value);
  const qk = concatAxis("qk", nope, rope);
  return {
    vocab: axis("vocab", config.vocab),
    embd: axis("embd", config.embd),
    ffn: axis("ffn", config.ffn),
    heads,
    nope,
    rope,
    latent,
    value,
    /** One head's query or key: the part without positions, then the rotated part. */
    qk,
    queries: productAxis("queries", heads, qk),
    queryLora: axis("query_lora", config.queryLora ?? 0),
    /** One row of the compressed cache: latent, then the rotated key that all heads share. */
    kv: concatAxis("kv", latent, rope),
    attnOut: productAxis("attn_out", heads, value),
    /** Of plain attention: every head's key without its rotated part, and the shared rotated key once for every head. */
    nopeKeys: productAxis("nope_keys", heads, nope),
    sharedKeys: productAxis("shared_keys", heads, rope),
    experts: axis("experts", config.experts),
    used: axis("used", config.expertsUsed),
    expertFfn: axis("expert_ffn", config.expertFfn),
    sharedFfn: axis("shared_ffn", config.sharedFfn),
  };
}

export type Deepseek2Axes = ReturnType<typeof deepseek2Axes>;
