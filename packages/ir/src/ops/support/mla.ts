import { z } from "zod";
import type { Axis } from "../../axis/axis.ts";
import {
  axesOf,
  expectCache,
  expectF32,
  expectSameAxis,
  expectSize,
  expectStorage,
  need,
} from "../../op/check.ts";
import { countOf } from "../../op/host.ts";
import type { Cost, CostContext, InferContext, TypedAxes } from "../../op/op.ts";
import { checkPart, locatePart, type Part, partSchema } from "../../op/part.ts";
import { attentionCost } from "./attentionCost.ts";
import { checkPaging, pagedExtent } from "./paging.ts";

/** Query rows are nope|rope, cache rows latent|rope: `nope` and `rope` are parts of the query's axis, `latent` of the cache's. */
export const mlaAttrs = z.strictObject({
  scale: z.number(),
  nope: partSchema,
  rope: partSchema,
  latent: partSchema,
});
export type MlaAttrs = z.infer<typeof mlaAttrs>;

export const mlaParts = (
  query: Axis,
  row: Axis,
  parts: { readonly nope: Axis; readonly rope: Axis; readonly latent: Axis },
): { nope: Part; rope: Part; latent: Part } => ({
  nope: locatePart(query, parts.nope),
  rope: locatePart(query, parts.rope),
  latent: locatePart(row, parts.latent),
});

/** Type rule of attention over a latent cache: q [T, H, N+R], cache [slots, L+R], k_up [H, N, L], v_b [H, V, L] → [T, H, V]. */
export function checkMla(code: string, context: InferContext<MlaAttrs>): { out: TypedAxes } {
  const { inputs, attrs } = context;
  const [q, cache, kUp, vB] = need(inputs, "q", "cache", "k_up", "v_b");
  expectF32({ q });
  expectCache("cache", cache);
  expectStorage({ k_up: kUp, v_b: vB });
  const [t, h, query] = axesOf("q", q, ["T", "H", "N+R"]);
  const [, row] = axesOf("cache", cache, ["slots", "L+R"]);
  const [hk, n, l] = axesOf("k_up", kUp, ["H", "N", "L"]);
  const [hv, v, l2] = axesOf("v_b", vB, ["H", "V", "L"]);
  expectSameAxis(`${code}/heads`, "q has", h, "k_up has", hk);
  expectSameAxis(`${code}/heads`, "q has", h, "v_b has", hv);
  expectSameAxis(`${code}/nope`, "the part of q is", checkPart(query, attrs.nope, context), "k_up makes", n);
  const latent = checkPart(row, attrs.latent, context);
  expectSameAxis(`${code}/latent`, "the part of a cache row is", latent, "k_up reads", l);
  expectSameAxis(`${code}/latent`, "the part of a cache row is", latent, "v_b reads", l2);
  checkPart(query, attrs.rope, context);
  expectSize(`${code}/row`, "a query's", query, attrs.nope.size + attrs.rope.size);
  expectSize(`${code}/row`, "a cache row's", row, attrs.latent.size + attrs.rope.size);
  checkPaging(`${code}/tokens`, inputs, t);
  return { out: { dtype: "f32", axes: [t, h, v] } };
}

/** Where the rope part of a cache row starts: the row is the latent part and the rope part, in either order. */
export const ropeStart = ({ latent }: MlaAttrs): number => (latent.start === 0 ? latent.size : 0);

/** Rebuilding keys and values of the whole context once, then attention of nope+rope against v. */
export function decompressedCost(context: CostContext<MlaAttrs>): Cost {
  const [q, cache, kUp, vB] = need(context.inputs, "q", "cache", "k_up", "v_b");
  const attention = attentionCost(context, q, [cache]);
  const { sequences, context: rows } = pagedExtent(context.inputs);
  return {
    flops: attention.flops + 2 * sequences * rows * (countOf(kUp.shape) + countOf(vB.shape)),
    bytes: attention.bytes + kUp.bytes + vB.bytes,
  };
}
