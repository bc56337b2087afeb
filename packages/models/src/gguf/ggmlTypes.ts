import { type DType, dtypeByGgmlId } from "@tensorplan/ir";

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
  /** Set where the IR can compute with this type. */
  readonly dtype: DType | undefined;
}

/** Types that files may hold and that the IR can't compute with (yet): id, name, block size, block bytes, bytes before each row. */
const listed: readonly (readonly [id: number, name: string, size: number, bytes: number, prefix?: number])[] =
  [
    [2, "q4_0", 32, 18],
    [3, "q4_1", 32, 20],
    [6, "q5_0", 32, 22],
    [7, "q5_1", 32, 24],
    [9, "q8_1", 32, 36],
    [10, "q2_k", 256, 84],
    [11, "q3_k", 256, 110],
    [12, "q4_k", 256, 144],
    [13, "q5_k", 256, 176],
    [14, "q6_k", 256, 210],
    [15, "q8_k", 256, 292],
    [16, "iq2_xxs", 256, 66],
    [17, "iq2_xs", 256, 74],
    [18, "iq3_xxs", 256, 98],
    [19, "iq1_s", 256, 50],
    [21, "iq3_s", 256, 110],
    [22, "iq2_s", 256, 82],
    [23, "iq4_xs", 256, 136],
    [24, "i8", 1, 1],
    [25, "i16", 1, 2],
    [27, "i64", 1, 8],
    [28, "f64", 1, 8],
    [29, "iq1_m", 256, 56],
    [34, "tq1_0", 256, 54],
    [35, "tq2_0", 256, 66],
    [39, "mxfp4", 32, 17],
    // ik_llama.cpp's own
    [133, "q6_0", 32, 26],
    [137, "iq2_k", 256, 76],
    [138, "iq3_k", 256, 110],
    [139, "iq4_k", 256, 144],
    [140, "iq5_k", 256, 176],
    [141, "iq6_k", 256, 212],
    [144, "iq4_ks", 256, 136, 4],
    [145, "iq2_ks", 256, 70, 2],
    [146, "iq4_kss", 256, 128, 4],
    [151, "q8_kv", 32, 32, 8],
    [152, "iq5_ks", 256, 168, 4],
    [156, "iq3_ks", 256, 102, 2],
    // the same with the rows of four or eight neighbours interleaved
    [202, "q4_0_r8", 32, 18],
    [206, "q5_0_r4", 32, 22],
    [208, "q8_0_r8", 32, 34],
    [210, "q2_k_r4", 256, 84],
    [211, "q3_k_r4", 256, 110],
    [212, "q4_k_r4", 256, 144],
    [213, "q5_k_r4", 256, 176],
    [214, "q6_k_r4", 256, 210],
    [220, "iq4_nl_r4", 32, 18],
    [223, "iq4_xs_r8", 256, 136],
    [233, "q6_0_r4", 32, 26],
    [337, "iq2_k_r4", 256, 76],
    [338, "iq3_k_r4", 256, 110],
    [339, "iq4_k_r4", 256, 144],
    [340, "iq5_k_r4", 256, 176],
    [344, "iq4_ks_r4", 256, 136, 4],
    [352, "iq5_ks_r4", 256, 168, 4],
    [398, "q8_kv_r8", 32, 32, 4],
    [399, "q8_k_r8", 256, 258],
  ];

const byId: ReadonlyMap<number, GgmlType> = new Map(
  listed.map(([id, name, blockSize, blockBytes, rowPrefix = 0]) => [
    id,
    { id, name, blockSize, blockBytes, rowPrefix, dtype: undefined },
  ]),
);

/** The type with this id: the IR's own where it knows the id, else one of the listed; undefined for ids never heard of. */
export function ggmlTypeById(id: number): GgmlType | undefined {
  const known = dtypeByGgmlId(id);
  if (known === undefined) return byId.get(id);
  const { name, blockSize, blockBytes } = known;
  return { id, name, blockSize, blockBytes, rowPrefix: 0, dtype: name };
}

/** Bytes of a row of `n` values, or undefined when `n` isn't a whole number of blocks. */
export const ggmlRowBytes = (type: GgmlType, n: number): number | undefined =>
  n % type.blockSize === 0 ? type.rowPrefix + (n / type.blockSize) * type.blockBytes : undefined;
