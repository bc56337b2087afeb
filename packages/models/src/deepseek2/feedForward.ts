import { type Axis, add } from "@tensorplan/ir";
import type { WeightReader } from "../definition/weights.ts";
import { gatedFeedForward, type Hidden } from "../parts/gatedFeedForward.ts";
import { routedExperts } from "../parts/routedExperts.ts";
import type { Deepseek2Axes } from "./axes.ts";
import type { Deepseek2Config } from "./config.ts";

interface FeedForwardContext {
  readonly config: Deepseek2Config;
  readonly axes: Deepseek2Axes;
  readonly weights: WeightReader;
}

/** The feed-forward part of one layer: dense in the first layers, then routed experts beside the shared ones. */
export function feedForward<Rows extends Axis>(
  { config, axes, weights }: FeedForwardContext,
  index: number,
  x: Hidden<Rows>,
): Hidden<Rows> {
  const layer = `blk.${index}`;
  const { embd } = axes;
  if (index < config.denseLayers) return gatedFeedForward(weights, x, { layer, embd, width: axes.ffn });
  const routed = routedExperts(weights, x, {
    layer,
    embd,
    experts: axes.experts,
    used: axes.used,
    width: axes.expertFfn,
    routing: config.routing,
  });
  if (config.sharedFfn === 0) return routed;
  const shared = gatedFeedForward(weights, x, {
    layer,
    embd,
    width: axes.sharedFfn,
    suffix: "_shexp",
    at: "shared_",
  });
  return add("sum", routed, shared);
}
