import { countOf, widthOf } from "../../op/host.ts";
import type { Cost, CostContext, SizedOperand } from "../../op/op.ts";
import { pagedExtent } from "./paging.ts";

/**
 * Work of attention when the tokens are the last of their sequences, evenly many of each: scores of the rows up to each token, and
 * weighted sums; of the caches only the rows that the page table reaches are read.
 */
export function attentionCost(
  context: Pick<CostContext<unknown>, "inputs" | "outputs">,
  q: SizedOperand,
  caches: readonly SizedOperand[],
): Cost {
  const out = context.outputs.out ?? q;
  const { sequences, context: rows } = pagedExtent(context.inputs);
  const [tokens = 0, heads = 0] = q.shape;
  const each = sequences === 0 ? 0 : tokens / sequences;
  const visible = Math.max(rows / 2, rows - Math.max(0, each - 1) / 2);
  const cacheBytes = caches.reduce((sum, { bytes, shape }) => {
    const all = shape[0] ?? 0;
    return sum + (all === 0 ? 0 : (bytes / all) * Math.min(all, sequences * rows));
  }, 0);
  return {
    flops: tokens * heads * visible * (2 * widthOf(q.shape) + 2 * widthOf(out.shape) + 5),
    bytes: q.bytes + out.bytes + cacheBytes + 4 * countOf([sequences, rows / 64]),
  };
}
