import { z } from "zod";
import type { Axis } from "../axis/axis.ts";
import { fail } from "../graph/builder.ts";
import type { Tensor } from "../graph/tensor.ts";
import { addNode, typed } from "../op/addNode.ts";
import { axesOf, expectCache, expectF32, expectSameAxis, need } from "../op/check.ts";
import { allBytes } from "../op/cost.ts";
import { countOf, floats, widthOf } from "../op/host.ts";
import { defineOp } from "../op/op.ts";
import { attentionTolerance } from "../op/tolerance.ts";
import type { SameAxis } from "../op/typed.ts";
import type { CacheDType } from "./cacheAppend.ts";
import { cacheRow, checkHeads } from "./support/cacheRow.ts";
import { dot } from "./support/dot.ts";
import { checkPaging, type PagingFor, pagedRows, pagingInputs, pagingOperands } from "./support/paging.ts";

export const pagedScoresOp = defineOp({
  name: "paged_scores",
  doc: "Attention scores against a paged cache: q [T, H, D], k [slots, KV, D] or [slots, D] → out [T, H, C] = scale·q·k, −∞ for rows after the token's own position. Head h reads kv head ⌊h·KV/H⌋.",
  inputs: ["q", "k", ...pagingInputs],
  attrs: z.strictObject({ scale: z.number(), context: z.string().min(1) }),
  infer({ inputs, attrs, axis }) {
    const [q, k] = need(inputs, "q", "k");
    expectF32({ q });
    expectCache("k", k);
    const [t, h, d] = axesOf("q", q, ["T", "H", "D"]);
    const row = cacheRow("k", k);
    expectSameAxis("paged-scores/inner-axis", "q ends in", d, "a cache row holds", row.width);
    checkHeads("paged-scores/heads", h, row.heads);
    checkPaging("paged-scores/tokens", inputs, t);
    return { out: { dtype: "f32", axes: [t, h, axis(attrs.context)] } };
  },
  reference({ inputs, outputs, attrs }) {
    const [q, k] = need(inputs, "q", "k");
    const [out] = need(outputs, "out");
    const [tokens = 0, heads = 0, context = 0] = out.shape;
    const width = widthOf(k.shape);
    const kvHeads = k.shape.length === 3 ? (k.shape[1] as number) : 1;
    const paging = pagedRows(inputs);
    const [queries, keys, scores] = [floats(q), floats(k), floats(out)];
    scores.fill(Number.NEGATIVE_INFINITY);
    for (let t = 0; t < tokens; t++) {
      if (paging.visible(t) > context) {
        fail(
          "paged-scores/context",
          `token ${t} sees ${paging.visible(t)} rows, but the axis '${attrs.context}' has ${context}`,
        );
      }
      for (let h = 0; h < heads; h++) {
        const query = (t * heads + h) * width;
        const kv = Math.floor((h * kvHeads) / heads);
        for (let j = 0; j < paging.visible(t); j++) {
          const key = (paging.slot(t, j) * kvHeads + kv) * width;
          scores[(t * heads + h) * context + j] = dot(queries, query, keys, key, width) * attrs.scale;
        }
      }
    }
  },
  cost(context) {
    const [q] = need(context.inputs, "q");
    const [out] = need(context.outputs, "out");
    return { flops: 2 * countOf(out.shape) * widthOf(q.shape), bytes: allBytes(context) };
  },
  tolerance: attentionTolerance,
});

/** Scores of q [T, H, D] against the cache k [slots, KV, D] or [slots, D] → [T, H, C], −∞ after each token's own position. */
export const pagedScores = <
  T extends Axis,
  H extends Axis,
  D extends Axis,
  D2 extends Axis,
  C extends Axis,
  T2 extends Axis,
>(
  at: string,
  q: Tensor<readonly [T, H, D], "f32">,
  k: Tensor<readonly [Axis, Axis, D2] | readonly [Axis, D2], CacheDType> &
    SameAxis<D, D2, "paged_scores: q ends in", "a cache row holds">,
  paging: PagingFor<T, T2, "paged_scores">,
  options: { readonly scale: number; readonly context: C },
): Tensor<readonly [T, H, C], "f32"> =>
  typed(
    addNode(
      pagedScoresOp,
      at,
      { q, k, ...pagingOperands(paging) },
      { scale: options.scale, context: options.context.name },
      [options.context],
    ),
  );
