import {
  alike,
  cont,
  getRows,
  mulMat,
  mulMatId,
  reshape,
  setRows,
  sumRows,
  topK,
  view,
} from "../graph/ggmlOps.ts";
import { type GgmlTensor, sizes } from "../graph/tensor.ts";
import type { GraphWriter } from "./graphWriter.ts";

export interface ExpertSizes {
  readonly count: number;
  readonly used: number;
  readonly gating: "softmax" | "sigmoid";
  readonly groups?: { readonly count: number; readonly used: number } | undefined;
  /** Whether the chosen weights are made to sum to one. */
  readonly normalise: boolean;
  readonly scale: number;
}

/** Routed experts of one layer. The scheduler sees the router first: it is asked for before the experts. */
export function routedExperts(w: GraphWriter, x: GgmlTensor, layer: number, of: ExpertSizes): GgmlTensor {
  const [embd, tokens] = x.ne;
  const at = `blk.${layer}`;
  const { chosen, shares } = route(w, x, layer, of);
  const rows = reshape(x, sizes(embd, 1, tokens));
  const expert = (part: string, input: GgmlTensor, name: string) =>
    w.name(mulMatId(w.weight(`${at}.ffn_${part}_exps`), input, chosen), name, layer);
  const up = expert("up", rows, "ffn_moe_up");
  const gate = expert("gate", rows, "ffn_moe_gate");
  const gated = w.name(alike("SWIGLU", gate, up), "ffn_moe_swiglu", layer);
  const down = expert("down", gated, "ffn_moe_down");
  const weighted = w.name(alike("MUL", down, shares), "ffn_moe_weighted", layer);
  w.graph.expand(weighted);
  const [, , next, last] = weighted.nb;
  const parts = Array.from({ length: of.used }, () =>
    view(weighted, sizes(embd, tokens), [next, last, last]),
  );
  for (const part of parts) w.graph.expand(part);
  const sum = parts.reduce((total, part) => {
    const added = alike("ADD", total, part);
    w.graph.expand(added);
    return added;
  });
  return w.name(of.used === 1 ? cont(sum) : sum, "ffn_moe_out", layer);
}

/** Which experts take each token, `[used, tokens]`, and with what share, `[1, used, tokens]`. */
function route(w: GraphWriter, x: GgmlTensor, layer: number, of: ExpertSizes) {
  const tokens = x.ne[1];
  const { count, used } = of;
  const at = `blk.${layer}`;
  const logits = w.name(mulMat(w.weight(`${at}.ffn_gate_inp`), x), "ffn_moe_logits", layer);
  const probs = w.name(
    alike(of.gating === "softmax" ? "SOFT_MAX" : "SIGMOID", logits),
    "ffn_moe_probs",
    layer,
  );
  const bias = `${at}.exp_probs_b.bias`;
  const biased = w.weights.has(bias)
    ? w.name(alike("ADD", probs, w.weights.get(bias)), "ffn_moe_probs_biased", layer)
    : probs;
  const eligible = of.groups === undefined ? biased : withinGroups(w, biased, layer, of, of.groups);
  const chosen = topK(eligible, used);
  w.name(chosen.src[0] as GgmlTensor, "ffn_moe_argsort", layer);
  w.name(chosen, "ffn_moe_topk", layer);
  let shares = w.name(getRows(reshape(probs, sizes(1, count, tokens)), chosen), "ffn_moe_weights", layer);
  if (of.normalise) {
    const flat = reshape(shares, sizes(used, tokens));
    const sum = w.name(sumRows(flat), "ffn_moe_weights_sum", layer);
    const safe = w.name(alike("CLAMP", sum), "ffn_moe_weights_sum_clamped", layer);
    shares = reshape(w.name(alike("DIV", flat, safe), "ffn_moe_weights_norm", layer), sizes(1, used, tokens));
  }
  if (of.scale !== 0 && of.scale !== 1) {
    shares = w.name(alike("SCALE", shares), "ffn_moe_weights_scaled", layer);
  }
  w.graph.expand(shares);
  return { chosen, shares };
}

/** Scores with the groups that aren't among the best put out of reach. */
function withinGroups(
  w: GraphWriter,
  scores: GgmlTensor,
  layer: number,
  { count }: ExpertSizes,
  groups: { readonly count: number; readonly used: number },
): GgmlTensor {
  const tokens = scores.ne[1];
  if (tokens === 0) return scores;
  const each = count / groups.count;
  const grouped = reshape(scores, sizes(each, groups.count, tokens));
  const best = topK(grouped, 2);
  const two = getRows(reshape(grouped, sizes(1, each, groups.count, tokens)), best);
  const sums = sumRows(reshape(two, sizes(2, groups.count, tokens)));
  const kept = w.name(
    topK(reshape(sums, sizes(groups.count, tokens)), groups.used),
    "ffn_moe_group_topk",
    layer,
  );
  const rows = getRows(grouped, kept);
  const masked = setRows(alike("FILL", grouped), rows, kept);
  return w.name(reshape(masked, sizes(count, tokens)), "ffn_moe_probs_masked", layer);
}
