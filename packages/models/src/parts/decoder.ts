import { type Axis, add, embed, type GraphBuilder, matmul, rmsNorm, selectRows } from "@tensorplan/ir";
import type { StepInputs } from "../definition/step.ts";
import type { WeightReader } from "../definition/weights.ts";
import type { Hidden } from "./gatedFeedForward.ts";

export interface DecoderParts {
  readonly layers: number;
  readonly embd: Axis<"embd">;
  readonly vocab: Axis<"vocab">;
  readonly normEps: number;
  attention(layer: number, x: Hidden): Hidden;
  feedForward<Rows extends Axis>(layer: number, x: Hidden<Rows>): Hidden<Rows>;
}

/**
 * The frame that all decoder-only models share: embedding, pre-normed attention and feed-forward layers with residual sums, output norm
 * and head. Declares the output `logits` f32[outputs, vocab]; the head is the embedding table where the file has no other.
 */
export function decoder(
  builder: GraphBuilder,
  step: StepInputs,
  weights: WeightReader,
  parts: DecoderParts,
): void {
  const { layers, embd, vocab, normEps: eps } = parts;
  const normed = <Rows extends Axis>(tensor: string, x: Hidden<Rows>, at = "norm"): Hidden<Rows> =>
    rmsNorm(at, x, weights.vector(tensor, [embd]), { eps });

  const attended = (layer: number, x: Hidden): Hidden =>
    builder.scope(`blk.${layer}.attn`, () =>
      add("residual", x, parts.attention(layer, normed(`blk.${layer}.attn_norm.weight`, x))),
    );
  const fed = <Rows extends Axis>(layer: number, x: Hidden<Rows>): Hidden<Rows> =>
    builder.scope(`blk.${layer}.ffn`, () =>
      add("residual", x, parts.feedForward(layer, normed(`blk.${layer}.ffn_norm.weight`, x))),
    );

  const table = weights.matrix("token_embd.weight", [vocab, embd]);
  let x: Hidden = embed("embed", table, step.tokens);
  for (let layer = 0; layer < layers - 1; layer++) x = fed(layer, attended(layer, x));
  // Behind the last attention only the rows whose logits are wanted matter.
  const rows = selectRows("output_hidden", attended(layers - 1, x), step.outputRows);
  const head = weights.has("output.weight") ? weights.matrix("output.weight", [vocab, embd]) : table;
  const last = normed("output_norm.weight", fed(layers - 1, rows), "output_norm");
  builder.output("logits", matmul("logits", last, head));
}
