import { type Axes, dtypes, type HeadRows, type StorageDType } from "@tensorplan/ir";
import type { WeightReader } from "../definition/weights.ts";
import type { Deepseek2Axes } from "./axes.ts";
import type { Deepseek2Config } from "./config.ts";

/** A transposed block type would need new blocks: it is requantised to eight bits, which loses nothing that matters. */
const transposedType = (dtype: StorageDType): StorageDType =>
  dtypes[dtype].kind === "block" ? "q8_0" : dtype;

interface HeadWeightContext {
  readonly config: Deepseek2Config;
  readonly axes: Deepseek2Axes;
  readonly weights: WeightReader;
}

/** How keys and values of all heads are cut out of a file's tensors. `k_up` and `v_b` are stacks [heads, …] or matrices alike. */
function headSources({ config, weights }: HeadWeightContext, layer: string) {
  const { heads, nope, value, latent } = config;
  const name = (part: string) => `${layer}.attn_${part}.weight`;
  if (!weights.has(name("kv_b"))) return undefined;
  const tensor = name("kv_b");
  weights.expectShape(tensor, [heads * (nope + value), latent]);
  const keys: HeadRows = { heads, groupRows: nope + value, firstRow: 0, rows: nope };
  const values: HeadRows = { heads, groupRows: nope + value, firstRow: nope, rows: value };
  return { tensor, dtype: weights.dtype(tensor), keys, values };
}

/** The rows of `attn_kv_b` that lead to keys and to values, with the axes that are wanted. */
const rowsOfKvB = <const K extends Axes, const V extends Axes>(
  weights: WeightReader,
  layer: string,
  { tensor, dtype, keys, values }: NonNullable<ReturnType<typeof headSources>>,
  keyAxes: K,
  valueAxes: V,
) => ({
  kUp: weights.derived(`${layer}.attn_kv_b.k_up.weight`, keyAxes, dtype, {
    kind: "head-rows",
    tensor,
    ...keys,
  }),
  vB: weights.derived(`${layer}.attn_kv_b.v_b.weight`, valueAxes, dtype, {
    kind: "head-rows",
    tensor,
    ...values,
  }),
});

/**
 * What plain attention reads of the same: matrices from the latent to the keys of all heads without their rotated part
 * [heads·nope, latent], and to their values [heads·value, latent].
 */
export function readHeadMatrices(context: HeadWeightContext, layer: string) {
  const { config, axes, weights } = context;
  const { heads } = config;
  const name = (part: string) => `${layer}.attn_${part}.weight`;
  const found = headSources(context, layer);
  if (found !== undefined) {
    return rowsOfKvB(weights, layer, found, [axes.nopeKeys, axes.latent], [axes.attnOut, axes.latent]);
  }
  const k = name("k_b");
  const v = name("v_b");
  weights.expectShape(k, [heads, config.latent, config.nope]);
  weights.expectShape(v, [heads, config.value, config.latent]);
  const all: HeadRows = { heads, groupRows: config.value, firstRow: 0, rows: config.value };
  return {
    kUp: weights.derived(name("k_b.k_up"), [axes.nopeKeys, axes.latent], transposedType(weights.dtype(k)), {
      kind: "transpose-heads",
      tensor: k,
      heads,
    }),
    vB: weights.derived(name("v_b.rows"), [axes.attnOut, axes.latent], weights.dtype(v), {
      kind: "head-rows",
      tensor: v,
      ...all,
    }),
  };
}

/**
 * The weights that lead from the latent to a head's keys and values, in the three forms that the lowerings of MLA read: `kB` takes a
 * query to the latent [heads, latent, nope], `kUp` a latent to keys [heads, nope, latent], `vB` a latent to values [heads, value, latent].
 * Files store them whole (`attn_kv_b`: each head's key rows, then its value rows) or as `attn_k_b` and `attn_v_b`.
 */
export function readHeadWeights(context: HeadWeightContext, layer: string) {
  const { config, axes, weights } = context;
  const { heads } = config;
  const name = (part: string) => `${layer}.attn_${part}.weight`;
  const found = headSources(context, layer);
  if (found !== undefined) {
    const { tensor, dtype, keys } = found;
    return {
      kB: weights.derived(name("kv_b.k_b"), [axes.heads, axes.latent, axes.nope], transposedType(dtype), {
        kind: "transpose-heads",
        tensor,
        heads,
        take: keys,
      }),
      ...rowsOfKvB(
        weights,
        layer,
        found,
        [axes.heads, axes.nope, axes.latent],
        [axes.heads, axes.value, axes.latent],
      ),
    };
  }
  const kB = weights.matrix(name("k_b"), [axes.heads, axes.latent, axes.nope]);
  return {
    kB,
    kUp: weights.derived(
      name("k_b.k_up"),
      [axes.heads, axes.nope, axes.latent],
      transposedType(weights.dtype(name("k_b"))),
      { kind: "transpose-heads", tensor: name("k_b"), heads },
    ),
    vB: weights.matrix(name("v_b"), [axes.heads, axes.value, axes.latent]),
  };
}
