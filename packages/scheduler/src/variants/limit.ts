import { TensorplanError } from "@tensorplan/ir";
import type { StepDim } from "../rules/rule.ts";
import type { Box } from "./box.ts";

/** More variants for a phase than this would cost more to compile and to read than they save. */
const MAX_VARIANTS = 16;

const serves: Readonly<Record<"decode" | "prefill", (box: Box) => boolean>> = {
  decode: ({ tokensPerSequence }) => tokensPerSequence.from === 1,
  prefill: ({ tokensPerSequence: { below } }) => below === null || below > 2,
};

const perDim = <T>(of: (dim: StepDim) => T): Readonly<Record<StepDim, T>> => ({
  tokensPerSequence: of("tokensPerSequence"),
  tokens: of("tokens"),
  context: of("context"),
  sequences: of("sequences"),
});

/** Sizes at which variants begin, by dimension: what an error shows of too many of them. */
export const thresholds = (boxes: readonly Box[]): Readonly<Record<StepDim, readonly number[]>> =>
  perDim((dim) => {
    const froms = [...new Set(boxes.map((box) => box[dim].from))].filter((from) => from > 1);
    return froms.sort((a, b) => a - b);
  });

/** @throws TensorplanError `variants/too-many` where more than 16 variants serve one phase */
export function checkVariantCount(boxes: readonly Box[]): void {
  for (const phase of ["decode", "prefill"] as const) {
    const count = boxes.filter(serves[phase]).length;
    if (count <= MAX_VARIANTS) continue;
    throw new TensorplanError({
      code: "variants/too-many",
      message: `rules and kernels make ${count} different plans for different sizes of ${phase} steps; at most ${MAX_VARIANTS} are kept`,
      hint: "let rules share thresholds, or plan for a smaller context or micro-batch",
      details: thresholds(boxes),
    });
  }
}

/** @param count boxes that would be tried before equal ones are joined. @throws TensorplanError `variants/too-many` */
export function checkBoxCount(count: number, cuts: Readonly<Record<StepDim, readonly number[]>>): void {
  if (count <= MAX_VARIANTS * MAX_VARIANTS) return;
  throw new TensorplanError({
    code: "variants/too-many",
    message: `the thresholds of rules and kernels cut steps into ${count} kinds, and a plan has at most ${MAX_VARIANTS} variants for a phase`,
    hint: "let rules share thresholds",
    details: cuts,
  });
}
