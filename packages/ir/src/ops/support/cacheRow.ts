import type { Axis } from "../../axis/axis.ts";
import { fail } from "../../graph/builder.ts";
import { axesOf, constantSize, lastAxis } from "../../op/check.ts";
import type { TypedAxes } from "../../op/op.ts";

/** What a row of a cache [slots, KV, D] or [slots, D] holds; without a head axis all query heads share the row. */
export function cacheRow(
  name: string,
  type: TypedAxes,
): { readonly heads: Axis | undefined; readonly width: Axis } {
  const { last } = lastAxis(name, type);
  if (type.axes.length === 2) return { heads: undefined, width: last };
  const [, heads, width] = axesOf(name, type, ["slots", "KV", "D"]);
  return { heads, width };
}

/** Query heads share key/value heads in equal groups. */
export function checkHeads(code: string, heads: Axis, kvHeads: Axis | undefined): void {
  if (kvHeads === undefined) return;
  const [h, kv] = [constantSize(heads), constantSize(kvHeads)];
  if (kv > 0 && h % kv === 0) return;
  fail(
    code,
    `${h} heads (axis '${heads.name}') can't share ${kv} key/value heads (axis '${kvHeads.name}') equally`,
    {
      heads: h,
      kvHeads: kv,
    },
  );
}
