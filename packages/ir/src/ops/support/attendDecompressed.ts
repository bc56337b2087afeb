import { need } from "../../op/check.ts";
import { floats } from "../../op/host.ts";
import type { ReferenceContext } from "../../op/op.ts";
import { attendHead } from "./attend.ts";
import { multiplyRows } from "./linear.ts";
import { type MlaAttrs, ropeStart } from "./mla.ts";
import { type PagedRows, pagedRows } from "./paging.ts";

/** Numbers the cache rows that some token may see: 0, 1, 2 … in order of first use. */
function seenSlots(paging: PagedRows): ReadonlyMap<number, number> {
  const order = new Map<number, number>();
  for (let t = 0; t < paging.tokens; t++) {
    for (let j = 0; j < paging.visible(t); j++) {
      const slot = paging.slot(t, j);
      if (!order.has(slot)) order.set(slot, order.size);
    }
  }
  return order;
}

/** Rebuilds each head's keys and values from the latent rows, then attends: the definition of multi-head latent attention. */
export function attendDecompressed({ inputs, outputs, attrs }: ReferenceContext<MlaAttrs>): void {
  const [q, cache, kUp, vB] = need(inputs, "q", "cache", "k_up", "v_b");
  const [out] = need(outputs, "out");
  const { nope, rope, latent } = attrs;
  const [, heads = 0, queryWidth = 0] = q.shape;
  const [, rowWidth = 0] = cache.shape;
  const [, valueWidth = 0] = vB.shape;
  const paging = pagedRows(inputs);
  const slots = seenSlots(paging);
  const latents = new Float32Array(slots.size * latent.size);
  const keys = new Float32Array(slots.size * queryWidth);
  const values = new Float32Array(slots.size * valueWidth);
  const rows = floats(cache);
  for (const [slot, i] of slots) {
    const row = slot * rowWidth;
    latents.set(rows.subarray(row + latent.start, row + latent.start + latent.size), i * latent.size);
    const turned = row + ropeStart(attrs);
    keys.set(rows.subarray(turned, turned + rope.size), i * queryWidth + rope.start);
  }
  const indexOf = (slot: number) => slots.get(slot) ?? 0;
  for (let h = 0; h < heads; h++) {
    const map = { x: latents, rows: slots.size, inner: latent.size };
    multiplyRows({
      ...map,
      w: floats(kUp),
      wAt: h * nope.size * latent.size,
      outer: nope.size,
      out: keys,
      outAt: nope.start,
      outStride: queryWidth,
    });
    multiplyRows({
      ...map,
      w: floats(vB),
      wAt: h * valueWidth * latent.size,
      outer: valueWidth,
      out: values,
    });
    attendHead({
      paging,
      scale: attrs.scale,
      q: floats(q),
      queryAt: (t) => (t * heads + h) * queryWidth,
      keys,
      keyAt: (slot) => indexOf(slot) * queryWidth,
      keyWidth: queryWidth,
      values,
      valueAt: (slot) => indexOf(slot) * valueWidth,
      valueWidth,
      out: floats(out),
      outAt: (t) => (t * heads + h) * valueWidth,
    });
  }
}
