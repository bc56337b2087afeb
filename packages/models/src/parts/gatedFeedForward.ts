import { type Axis, matmul, swiglu, type Tensor } from "@tensorplan/ir";
import type { WeightReader } from "../definition/weights.ts";

/** Activations of some rows (a step's tokens, or only those whose logits are wanted). */
export type Hidden<Rows extends Axis = Axis<"tokens">> = Tensor<readonly [Rows, Axis<"embd">], "f32">;

export interface GatedFeedForwardOptions<Width extends Axis> {
  readonly layer: string;
  readonly embd: Axis<"embd">;
  readonly width: Width;
  /** What follows `ffn_gate`, `ffn_up` and `ffn_down` in the tensors' names, such as `_shexp`. */
  readonly suffix?: string;
  /** Prefix of the nodes' paths. */
  readonly at?: string;
}

/** `down(silu(gate x) · up x)`. @see Shazeer, arXiv:2002.05202 */
export function gatedFeedForward<Rows extends Axis, Width extends Axis>(
  weights: WeightReader,
  x: Hidden<Rows>,
  { layer, embd, width, suffix = "", at = "" }: GatedFeedForwardOptions<Width>,
): Hidden<Rows> {
  const gate = matmul(`${at}gate`, x, weights.matrix(`${layer}.ffn_gate${suffix}.weight`, [width, embd]));
  const up = matmul(`${at}up`, x, weights.matrix(`${layer}.ffn_up${suffix}.weight`, [width, embd]));
  const hidden = swiglu(`${at}act`, gate, up);
  return matmul(`${at}down`, hidden, weights.matrix(`${layer}.ffn_down${suffix}.weight`, [embd, width]));
}
