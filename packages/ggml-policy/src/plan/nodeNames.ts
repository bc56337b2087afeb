import { type GgmlTensor, rootOf } from "../graph/tensor.ts";

/** What a ggml node is called in a plan: the path and operation of our own node that does the same, where there is one. */
export interface NodeName {
  readonly id: string;
  readonly op: string;
}

const own = (path: string, op: string): NodeName => ({ id: path, op });

/** Nodes that are known by the weight that they read: part of the weight's name, our path, our operation. */
const byWeight: Readonly<Record<string, NodeName>> = {
  token_embd: own("embed", "embed"),
  output_norm: own("output_norm", "rms_norm"),
  output: own("logits", "matmul"),
  attn_norm: own("attn.norm", "rms_norm"),
  attn_q: own("attn.q", "matmul"),
  attn_q_a: own("attn.q_a", "matmul"),
  attn_q_a_norm: own("attn.q_a_norm", "rms_norm"),
  attn_q_b: own("attn.q", "matmul"),
  attn_kv_a_mqa: own("attn.kv_a", "matmul"),
  attn_kv_a_norm: own("attn.kv_a_norm", "rms_norm"),
  attn_k_b: own("attn.mla.absorb", "mla_absorb_query"),
  attn_v_b: own("attn.mla.up", "head_matmul"),
  attn_output: own("attn.out", "matmul"),
  ffn_norm: own("ffn.norm", "rms_norm"),
  ffn_gate: own("ffn.act.gate", "matmul"),
  ffn_up: own("ffn.act.up", "matmul"),
  ffn_down: own("ffn.down", "matmul"),
  ffn_gate_inp: own("ffn.router", "matmul"),
  ffn_gate_exps: own("ffn.experts.gate", "expert_matmul"),
  ffn_up_exps: own("ffn.experts.up", "expert_matmul"),
  ffn_down_exps: own("ffn.experts.down", "expert_matmul"),
  ffn_gate_shexp: own("ffn.shared_act.gate", "matmul"),
  ffn_up_shexp: own("ffn.shared_act.up", "matmul"),
  ffn_down_shexp: own("ffn.shared_down", "matmul"),
};

/** Nodes that are known by the name that llama.cpp gives them, without the layer's number. */
const byName: Readonly<Record<string, NodeName>> = {
  q_pe: own("attn.q_rope", "rope"),
  k_pe: own("attn.k_rope", "rope"),
  Qcur: own("attn.q_joined", "concat"),
  Kcur: own("attn.k_joined", "concat"),
  kqv: own("attn.mla.latent", "latent_attention"),
  ffn_inp: own("attn.residual", "add"),
  ffn_moe_argsort: own("ffn.route", "route_experts"),
  ffn_moe_out: own("ffn.experts", "moe"),
  ffn_out: own("ffn.sum", "add"),
  l_out: own("ffn.residual", "add"),
};

const withLayer = (layer: string | undefined, { id, op }: NodeName): NodeName =>
  layer === undefined ? { id, op } : { id: `blk.${layer}.${id}`, op };

/** Names for the nodes of a graph, taken in its order, each name once. */
export class NodeNames {
  readonly #used = new Map<string, number>();
  #layer: string | undefined;

  next(node: GgmlTensor): NodeName {
    const named = this.#name(node);
    const before = this.#used.get(named.id) ?? 0;
    this.#used.set(named.id, before + 1);
    return before === 0 ? named : { ...named, id: `${named.id}~${before + 1}` };
  }

  #name(node: GgmlTensor): NodeName {
    const [, base = node.name, layer] = /^(.*?)-(\d+)(?: .*)?$/.exec(node.name) ?? [];
    if (layer !== undefined) this.#layer = layer;
    const weight = node.src.find(({ buffer }) => buffer?.use === "weights");
    if (weight !== undefined) {
      const [, at, part = weight.name] =
        /^(?:blk\.(\d+)\.)?(.*?)(?:\.weight|\.bias)?$/.exec(weight.name) ?? [];
      if (at !== undefined) this.#layer = at;
      const known = byWeight[part];
      if (known !== undefined) return withLayer(at, known);
    }
    if (node.op === "SET_ROWS" && rootOf(node).buffer?.use === "cache") {
      return withLayer(this.#layer, own("attn.cache", "cache_append"));
    }
    if (node.op === "FLASH_ATTN_EXT") {
      return withLayer(this.#layer, own("attn.mla.latent", "latent_attention"));
    }
    const known = byName[base];
    if (known !== undefined) return withLayer(layer, known);
    const plain = base.trim().replaceAll(/[^\w.]+/g, "_") || node.op.toLowerCase();
    return withLayer(
      layer ?? this.#layer,
      own(`ggml.${plain.replace(/^node_\d+$/, "node")}`, node.op.toLowerCase()),
    );
  }
}
