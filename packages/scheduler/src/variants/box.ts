import { type StepDim, stepDims } from "../rules/rule.ts";

/** `from <= n < below`; `below` is null where there is no upper end. */
export interface BoxRange {
  readonly from: number;
  readonly below: number | null;
}

/** Steps that one variant serves: a half-open range for each size of a step. */
export type Box = Readonly<Record<StepDim, BoxRange>>;

/** The sizes of one step. */
export type StepSizes = Readonly<Record<StepDim, number>>;

const everything: BoxRange = { from: 1, below: null };
export const wholeBox: Box = {
  tokensPerSequence: everything,
  tokens: everything,
  context: everything,
  sequences: everything,
};

const upper = (range: BoxRange) => range.below ?? Number.POSITIVE_INFINITY;

export const overlap = (a: BoxRange, b: BoxRange): boolean => a.from < upper(b) && b.from < upper(a);

export const contains = (box: Box, sizes: StepSizes): boolean =>
  stepDims.every((dim) => sizes[dim] >= box[dim].from && sizes[dim] < upper(box[dim]));

const isWhole = (range: BoxRange) => range.from === 1 && range.below === null;

const printBoxRange = ({ from, below }: BoxRange): string =>
  below === null ? `${from} or more` : from === below - 1 ? String(from) : `${from} to ${below - 1}`;

/** What sizes count: `17 tokens`. */
export const dimNouns: Readonly<Record<StepDim, string>> = {
  tokensPerSequence: "new tokens a sequence",
  tokens: "tokens",
  context: "rows of context",
  sequences: "sequences",
};

/** One and several. */
const dimNoun: Readonly<Record<StepDim, readonly [string, string]>> = {
  tokensPerSequence: ["new token a sequence", "new tokens a sequence"],
  tokens: ["token in all", "tokens in all"],
  context: ["row of context", "rows of context"],
  sequences: ["sequence", "sequences"],
};

/** `1 to 127 new tokens a sequence, 4096 or more rows of context`. */
export const describeBox = (box: Box): string =>
  stepDims
    .filter((dim) => !isWhole(box[dim]))
    .map((dim) => `${printBoxRange(box[dim])} ${dimNoun[dim][box[dim].below === 2 ? 0 : 1]}`)
    .join(", ") || "steps of every size";

const phaseName = (range: BoxRange): string =>
  isWhole(range)
    ? "step"
    : range.from === 1
      ? "decode"
      : range.below === null
        ? "prefill"
        : `prefill-${range.from}-${range.below - 1}`;

const rangeName = ({ from, below }: BoxRange): string => `${from}-${below === null ? "" : below - 1}`;

/**
 * Short and unique among the boxes of a plan, which don't overlap: `decode`, `prefill`, `prefill-2-127`, `decode.context-4096-`. Ranges that
 * begin with the smallest step go without saying.
 */
export const boxId = (box: Box): string =>
  [
    phaseName(box.tokensPerSequence),
    ...stepDims
      .filter((dim) => dim !== "tokensPerSequence" && box[dim].from > 1)
      .map((dim) => `${dim}-${rangeName(box[dim])}`),
  ].join(".");

/** Equal for equal boxes only; ids are shorter, and unique only within one plan. */
export const boxKey = (box: Box): string =>
  stepDims.map((dim) => `${box[dim].from}-${box[dim].below ?? ""}`).join(",");
