import {
  alike,
  cast,
  concat,
  cont,
  f16,
  flashAttention,
  mulMat,
  permute,
  reshape,
  setRows,
  transpose,
  view,
} from "../graph/ggmlOps.ts";
import { type GgmlTensor, rowSize, sizes } from "../graph/tensor.ts";
import type { GraphWriter } from "./graphWriter.ts";

/** Sizes of multi-head latent attention. */
export interface LatentSizes {
  readonly heads: number;
  readonly nope: number;
  readonly rope: number;
  readonly latent: number;
  readonly value: number;
  /** Whether the query goes through a low-rank form. */
  readonly lowRankQuery: boolean;
}

const SWAP = [0, 2, 1, 3] as const;

/** Attention of one layer with `attn_k_b` and `attn_v_b`: absorbed into the query and the output, one key for all heads. */
export function latentAttention(w: GraphWriter, x: GgmlTensor, layer: number, of: LatentSizes): GgmlTensor {
  const { tokens } = w.step;
  const at = `blk.${layer}`;
  const { heads, nope, rope, latent } = of;
  const q = reshape(query(w, x, layer, of), sizes(nope + rope, heads, tokens));
  const qNope = view(q, sizes(nope, heads, tokens), [q.nb[1], q.nb[2], q.nb[3]]);
  const qRope = view(q, sizes(rope, heads, tokens), [q.nb[1], q.nb[2], q.nb[3]]);
  w.name(qNope, "q_nope", layer);
  w.name(qRope, "q_pe", layer);
  const joint = w.name(mulMat(w.weight(`${at}.attn_kv_a_mqa`), x), "kv_cmpr_pe", layer);
  const [, row] = joint.nb;
  const compressed = w.name(
    view(joint, sizes(latent, tokens), [row, row * tokens, row * tokens]),
    "kv_cmpr",
    layer,
  );
  const kRope = w.name(view(joint, sizes(rope, 1, tokens), [row, row, row * tokens]), "k_pe", layer);
  const qRotated = w.name(w.rope(qRope), "q_pe", layer);
  const kRotated = w.name(w.rope(kRope), "k_pe", layer);
  const normalised = w.name(w.norm(compressed, `${at}.attn_kv_a_norm`, layer), "kv_cmpr", layer);
  const absorbed = w.name(
    mulMat(w.weight(`${at}.attn_k_b`), w.name(permute(qNope, SWAP), "q_nope_perm", layer)),
    "q_nope_absorbed",
    layer,
  );
  const perHead = w.name(permute(absorbed, SWAP), "q_nope_absorbed_perm", layer);
  const queries = w.name(concat(perHead, qRotated), "Qcur", layer);
  const values = w.name(reshape(normalised, sizes(latent, 1, tokens)), "Vcur", layer);
  const keys = w.name(concat(values, kRotated), "Kcur", layer);
  for (const tensor of [queries, values, keys]) w.graph.expand(tensor);
  const attended = attend(w, queries, storeAndRead(w, keys, layer), latent, `${at}.attn_v_b`, layer);
  return mulMat(w.weight(`${at}.attn_output`), attended);
}

function query(w: GraphWriter, x: GgmlTensor, layer: number, { lowRankQuery }: LatentSizes): GgmlTensor {
  const at = `blk.${layer}`;
  if (!lowRankQuery) return w.name(mulMat(w.weight(`${at}.attn_q`), x), "q", layer);
  const low = w.name(mulMat(w.weight(`${at}.attn_q_a`), x), "q", layer);
  const normalised = w.name(w.norm(low, `${at}.attn_q_a_norm`, layer), "q", layer);
  return w.name(mulMat(w.weight(`${at}.attn_q_b`), normalised), "q", layer);
}

/** Writes the new keys into the layer's cache; returns what attention reads of it, `[width, 1, context]`. */
function storeAndRead(w: GraphWriter, keys: GgmlTensor, layer: number): GgmlTensor {
  const { keyType, tokens, context } = w.step;
  const width = keys.ne[0];
  const cache = w.cache("k", keyType, width, layer);
  const rows = view(keys, sizes(width, tokens), [keys.nb[2], keys.nb[2] * tokens, keys.nb[2] * tokens]);
  w.graph.expand(setRows(cache, rows, w.cacheRows));
  const row = rowSize(keyType, width);
  return view(cache, sizes(width, 1, context), [row, row, row * w.step.cacheRows]);
}

/** Scores, softmax and the weighted sum over the latent, then `attn_v_b` per head. */
function attend(
  w: GraphWriter,
  queries: GgmlTensor,
  cached: GgmlTensor,
  latent: number,
  valueWeight: string,
  layer: number,
): GgmlTensor {
  const { flashAttention: flash, offloadCache } = w.step;
  const values = view(
    cached,
    [latent, cached.ne[1], cached.ne[2], cached.ne[3]],
    [cached.nb[1], cached.nb[2], cached.nb[3]],
  );
  const q = permute(view(queries, queries.ne, [queries.nb[1], queries.nb[2], queries.nb[3]]), SWAP);
  const k = permute(cached, SWAP);
  const v = permute(values, SWAP);
  const decompress = w.weight(valueWeight);
  if (flash) {
    const half = (tensor: GgmlTensor) => (tensor.type.name === "f32" ? cast(tensor, f16) : tensor);
    const mixed = permute(flashAttention(q, half(k), half(v), w.mask), SWAP);
    const perHead = w.name(mulMat(decompress, mixed), "fattn_mla", layer);
    const flat = cont(permute(perHead, SWAP));
    const out = reshape(flat, sizes(flat.ne[0] * flat.ne[1], flat.ne[2] * flat.ne[3]));
    w.graph.expand(out);
    return w.name(out, "kqv_out", layer);
  }
  const scores = w.name(mulMat(k, q), "kq", layer);
  const shares = w.name(alike("SOFT_MAX", scores, w.mask), "kq_soft_max", layer);
  const across = w.name(cont(transpose(v)), "v_cont", layer);
  const mixed = w.name(mulMat(across, shares), "kqv", layer);
  const perHead = w.name(mulMat(decompress, mixed), "kqv_mla", layer);
  const swapped = permute(perHead, SWAP);
  const [a, b, c, d] = swapped.ne;
  const out = cont(swapped, sizes(a * b, c * d));
  if (!offloadCache) {
    out.pinned = { device: "CPU", why: "without flash attention, -nkvo ends attention on the CPU" };
  }
  w.graph.expand(out);
  return w.name(out, "kqv_out", layer);
}
