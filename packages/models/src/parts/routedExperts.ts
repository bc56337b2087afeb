import { type Axis, matmul, moe, routeExperts } from "@tensorplan/ir";
import type { WeightReader } from "../definition/weights.ts";
import type { Hidden } from "./gatedFeedForward.ts";

/** How a router turns logits into probabilities, and how it picks experts. */
export interface Routing {
  readonly gating: "softmax" | "sigmoid";
  /** Only the experts of the best `used` of `count` groups may be picked. */
  readonly groups:
    | { readonly count: number; readonly used: number; readonly score: "max" | "top2" }
    | undefined;
  /** Whether the picked weights are made to sum to one. */
  readonly normalise: boolean;
  readonly scale: number;
}

export interface RoutedExpertsOptions {
  readonly layer: string;
  readonly embd: Axis<"embd">;
  readonly experts: Axis<"experts">;
  readonly used: Axis<"used">;
  readonly width: Axis<"expert_ffn">;
  readonly routing: Routing;
}

/** A mixture of gated feed-forward experts. @see DeepSeek-V3, arXiv:2412.19437, section 2.1.2, for sigmoid gating, bias and groups */
export function routedExperts<Rows extends Axis>(
  weights: WeightReader,
  x: Hidden<Rows>,
  { layer, embd, experts, used, width, routing }: RoutedExpertsOptions,
): Hidden<Rows> {
  const logits = matmul("router", x, weights.matrix(`${layer}.ffn_gate_inp.weight`, [experts, embd]));
  const biasName = `${layer}.exp_probs_b.bias`;
  const bias = weights.has(biasName) ? weights.vector(biasName, [experts]) : undefined;
  const routed = routeExperts("route", logits, { ...routing, used, bias });
  return moe("experts", x, routed, {
    gate: weights.matrix(`${layer}.ffn_gate_exps.weight`, [experts, width, embd]),
    up: weights.matrix(`${layer}.ffn_up_exps.weight`, [experts, width, embd]),
    down: weights.matrix(`${layer}.ffn_down_exps.weight`, [experts, embd, width]),
  });
}
