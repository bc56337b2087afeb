import type { TensorSource, WeightPlace } from "@tensorplan/backend-api";
import { match } from "ts-pattern";
import type { NativeWeight } from "../native/addon.ts";

/** What the add-on's loader needs to know of a weight. `offset` is where the tensor begins in what is read. */
export function nativeWeight(place: WeightPlace, source: TensorSource, offset: number): NativeWeight {
  const columns = source.shape.at(-1) ?? 1;
  const { take, transposeHeads } = match(place.source)
    .with({ kind: "tensor" }, () => ({ take: null, transposeHeads: 0 }))
    .with({ kind: "head-rows" }, ({ heads, groupRows, firstRow, rows }) => ({
      take: { heads, groupRows, firstRow, rows },
      transposeHeads: 0,
    }))
    .with({ kind: "transpose-heads" }, (turned) => ({
      take: turned.take ?? null,
      transposeHeads: turned.heads,
    }))
    .exhaustive();
  return {
    name: place.name,
    sourceDtype: source.dtype,
    sourceRows: source.shape.slice(0, -1).reduce((product, n) => product * n, 1),
    sourceColumns: columns,
    sourceOffset: offset,
    take,
    transposeHeads,
    dtype: place.dtype,
    layout: place.layout,
    shape: place.shape,
    offset: place.offset,
    bytes: place.bytes,
    mapped: place.mapped === true,
  };
}
