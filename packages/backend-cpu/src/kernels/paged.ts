import type { KernelPredicate, KernelRow, OperandClaim, WorkspaceTerm } from "@tensorplan/backend-api";
import { type IsaShares, i32, perIsa } from "./perIsa.ts";

/** Element types that kernels widen to f32 as they read a cache. */
export const cache: OperandClaim = { dtypes: ["f32", "f16", "bf16", "q8_0"] };

/** Operands that say where the rows of sequences lie. */
export const paging = { positions: i32, sequence_of: i32, page_table: i32 };

/** Spans of one query's rows that can be computed at once (`kMaxSpans` in the native code). */
const SPANS = 16;

/** With more tokens than this there is enough to do without cutting the context of each. */
const MOST_SPLIT_TOKENS = 16;

const fewTokens: KernelPredicate = {
  kind: "dim",
  dim: "q.0",
  max: MOST_SPLIT_TOKENS,
  reason: `cuts each query's context in spans, whose results need memory: only for at most ${MOST_SPLIT_TOKENS} tokens`,
};

/** Results of all spans: for each token and head the values (padded to 16) and 16 more places for the running maximum and sum. */
const spanResults = (width: string): readonly WorkspaceTerm[] => [
  { bytes: 4 * SPANS, dims: ["q.0", "q.1", width] },
  { bytes: 4 * SPANS * 31, dims: ["q.0", "q.1"] },
];

/** `<name>.split` for few tokens, then `<name>.batch` for any number. The same bits. */
export const flashRows = (kernel: {
  readonly name: string;
  readonly op: string;
  readonly operands: Readonly<Record<string, OperandClaim>>;
  /** Dimension that is at least the width of the values. */
  readonly width: string;
  readonly shares: IsaShares;
  readonly isas?: readonly ("avx512" | "avx2" | "generic")[];
  readonly when?: readonly KernelPredicate[];
}): readonly KernelRow[] => {
  const { name, width, when = [], ...rest } = kernel;
  return [
    ...perIsa({
      ...rest,
      name: `${name}.split`,
      when: [...when, fewTokens],
      workspace: spanResults(width),
      overheadNs: 4000,
    }),
    ...perIsa({ ...rest, name: `${name}.batch`, when, overheadNs: 2000 }),
  ];
};

/** Shares of the peak of products over tiles that were widened to f32. */
export const tileShares: IsaShares = { avx512: [0.58, 0.8], avx2: [0.33, 0.7], generic: [0.05, 0.3] };
