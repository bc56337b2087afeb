import type { Deepseek2Config } from "@tensorplan/models";
import type { GgmlGraph } from "../graph/ggmlGraph.ts";
import { alike } from "../graph/ggmlOps.ts";
import { type GgmlWeights, GraphWriter, type StepSettings } from "./graphWriter.ts";
import { latentAttention } from "./latentAttention.ts";
import { routedExperts } from "./routedExperts.ts";

/** The graph that llama.cpp v0.5.0 builds for one step of a DeepSeek V2 or V3 model with `attn_k_b` and `attn_v_b`. */
export function deepseek2Graph(config: Deepseek2Config, weights: GgmlWeights, step: StepSettings): GgmlGraph {
  const w = new GraphWriter(step, weights);
  const { routing } = config;
  const attention = { ...config, lowRankQuery: config.queryLora !== undefined };
  const experts = {
    ...routing,
    count: config.experts,
    used: config.expertsUsed,
  };
  let stream = w.embedding();
  for (let layer = 0; layer < config.layers; layer++) {
    const x = w.name(w.norm(stream, `blk.${layer}.attn_norm`, layer), "attn_norm", layer);
    let attended = latentAttention(w, x, layer, attention);
    if (layer === config.layers - 1) {
      attended = w.outputsOf(attended);
      stream = w.outputsOf(stream);
    }
    const middle = w.name(alike("ADD", attended, stream), "ffn_inp", layer);
    const y = w.name(w.norm(middle, `blk.${layer}.ffn_norm`, layer), "ffn_norm", layer);
    const out =
      layer < config.denseLayers
        ? w.name(w.feedForward(y, layer), "ffn_out", layer)
        : w.name(
            alike(
              "ADD",
              routedExperts(w, y, layer, experts),
              w.name(w.feedForward(y, layer, "_shexp"), "ffn_shexp", layer),
            ),
            "ffn_out",
            layer,
          );
    stream = w.name(alike("ADD", out, middle), "l_out", layer);
  }
  return w.finish(stream);
}
