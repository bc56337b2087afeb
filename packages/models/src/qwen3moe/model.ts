import { groupedArchitecture } from "../parts/groupedDecoder.ts";

/** Qwen3's mixture-of-experts models. @see Qwen3 technical report, arXiv:2505.09388 */
export const qwen3moe = groupedArchitecture("qwen3moe", {
  ropeStyle: "neox",
  ropeBase: 1_000_000,
  headNorms: true,
  feedForward: (read) => ({
    kind: "experts",
    experts: read.count("expert_count"),
    used: read.count("expert_used_count"),
    width: read.count("expert_feed_forward_length"),
    routing: { gating: "softmax", groups: undefined, normalise: true, scale: 1 },
  }),
});
