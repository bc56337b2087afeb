import { type DType, dtypeByGgmlId, dtypes, isDType } from "@tensorplan/ir";

/**
 * How a tensor type packs a row: `rowPrefix` bytes (a scale for the whole row, in some types), then blocks of `blockSize` values in
 * `blockBytes` bytes each.
 */
export interface GgmlType {
  readonly id: number;
  readonly name: string;
  readonly blockSize: number;
  readonly blockBytes: number;
  readonly rowPrefix: number;
  /** Set where the IR knows this type; it may know no more than its size. */
  readonly dtype: DType | undefined;
}

/** Types that files may hold and that the IR doesn't know, since no weight is kept in them: id, name, block size, block bytes. */
const listed: readonly (readonly [id: number, name: string, size: number, bytes: number])[] = [
  [9, "q8_1", 32, 36],
  [15, "q8_k", 256, 292],
  [24, "i8", 1, 1],
  [25, "i16", 1, 2],
  [27, "i64", 1, 8],
  [28, "f64", 1, 8],
];

const byId: ReadonlyMap<number, GgmlType> = new Map(
  listed.map(([id, name, blockSize, blockBytes]) => [
    id,
    { id, name, blockSize, blockBytes, rowPrefix: 0, dtype: undefined },
  ]),
);

/** The type with this id: the IR's own where it knows the id, else one of the listed; undefined for ids never heard of. */
export function ggmlTypeById(id: number): GgmlType | undefined {
  const known = dtypeByGgmlId(id);
  if (known === undefined) return byId.get(id);
  const { name, blockSize, blockBytes, rowPrefix = 0 } = known;
  return { id, name, blockSize, blockBytes, rowPrefix, dtype: name };
}

/** The type with this name, in the spelling of the list above; undefined for names never heard of. */
export function ggmlTypeByName(name: string): GgmlType | undefined {
  if (isDType(name)) return ggmlTypeById(dtypes[name].ggmlTypeId);
  return [...byId.values()].find((type) => type.name === name);
}

/** Bytes of a row of `n` values, or undefined when `n` isn't a whole number of blocks. */
export const ggmlRowBytes = (type: GgmlType, n: number): number | undefined =>
  n % type.blockSize === 0 ? type.rowPrefix + (n / type.blockSize) * type.blockBytes : undefined;
