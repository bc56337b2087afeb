import type { TensorSource, WeightPlace } from "@tensorplan/backend-api";
import { match } from "ts-pattern";
import type { NativeWeight } from "../native/addon.ts";

/** Heads that are transposed one by one are a stack to the loader, also where the weight is one matrix of all their rows. */
function shapeOf({ shape }: WeightPlace, transposeHeads: number): readonly number[] {
  const [rows = 0, columns = 0] = shape;
  if (transposeHeads === 0 || shape.length !== 2) return shape;
  return [transposeHeads, rows / transposeHeads, columns];
}

/** What the add-on's loader needs to know of a weight. `offset` is where the tensor begins in what is read. */
export function nativeWeight(place: WeightPlace, source: TensorSource, offset: number): NativeWeight {
  const { take, columns, transposeHeads } = match(place.source)
    .returnType<Pick<NativeWeight, "take" | "columns" | "transposeHeads">>()
    .with({ kind: "tensor" }, () => ({ take: null, columns: null, transposeHeads: 0 }))
    .with({ kind: "head-rows" }, ({ heads, groupRows, firstRow, rows }) => ({
      take: { heads, groupRows, firstRow, rows },
      columns: null,
      transposeHeads: 0,
    }))
    .with({ kind: "columns" }, ({ firstColumn, columns: count }) => ({
      take: null,
      columns: { first: firstColumn, count },
      transposeHeads: 0,
    }))
    .with({ kind: "transpose-heads" }, (turned) => ({
      take: turned.take ?? null,
      columns: null,
      transposeHeads: turned.heads,
    }))
    .exhaustive();
  return {
    name: place.name,
    sourceDtype: source.dtype,
    sourceRows: source.shape.slice(0, -1).reduce((product, n) => product * n, 1),
    sourceColumns: source.shape.at(-1) ?? 1,
    sourceOffset: offset,
    take,
    columns,
    transposeHeads,
    dtype: place.dtype,
    layout: place.layout,
    shape: shapeOf(place, transposeHeads),
    offset: place.offset,
    bytes: place.bytes,
    mapped: place.mapped === true,
  };
}
