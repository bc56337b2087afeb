import { countOf, widthOf } from "../../op/host.ts";
import type { Cost, CostContext, SizedOperand } from "../../op/op.ts";
import { pagedExtent } from "./paging.ts";

/**
 * Work of attention when every token sees the whole context: scores and weighted sums; of the caches only the rows that the page
 * table reaches are read.
 */
export function attentionCost(
  context: Pick<CostContext<unknown>, "inputs" | "outputs">,
  q: SizedOperand,
  caches: readonly SizedOperand[],
): Cost {
  const out = context.outputs.out ?? q;
  const { sequences, context: rows } = pagedExtent(context.inputs);
  const [tokens = 0, heads = 0] = q.shape;
  const cacheBytes = caches.reduce((sum, { bytes, shape }) => {
    const all = shape[0] ?? 0;
    return sum + (all === 0 ? 0 : (bytes / all) * Math.min(all, sequences * rows));
  }, 0);
  return {
    flops: tokens * heads * rows * (2 * widthOf(q.shape) + 2 * widthOf(out.shape) + 5),
    bytes: q.bytes + out.bytes + cacheBytes + 4 * countOf([sequences, rows / 64]),
  };
}
