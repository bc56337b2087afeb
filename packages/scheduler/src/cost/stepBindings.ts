import { type Bindings, PAGE_ROWS } from "@tensorplan/ir";
import type { Plan } from "../plan/plan.ts";
import type { StepSizes } from "../variants/box.ts";

/** Sizes of a step to estimate. */
export interface EstimatedStep {
  /** New tokens of all sequences together. */
  readonly tokens: number;
  /** Rows of the longest sequence once the step is done, its new tokens included. */
  readonly context: number;
  readonly sequences: number;
  /** New tokens of each sequence in the whole call; `tokens / sequences` where absent. */
  readonly tokensPerSequence?: number;
  /** Positions whose logits are wanted; one for each sequence where absent. */
  readonly outputs?: number;
}

/** The sizes that rules and variants see. */
export const stepSizes = ({
  tokens,
  context,
  sequences,
  tokensPerSequence,
}: EstimatedStep): Required<StepSizes> => ({
  tokens,
  context,
  sequences,
  tokensPerSequence: tokensPerSequence ?? Math.max(1, Math.ceil(tokens / sequences)),
});

/** Values of the graph's symbols in a step; symbols that no step sets are at their largest. */
export function stepBindings(plan: Plan, step: EstimatedStep): Bindings {
  const pages = Math.ceil(step.context / PAGE_ROWS);
  return {
    ...plan.graph.symbols,
    tokens: step.tokens,
    sequences: step.sequences,
    outputs: step.outputs ?? Math.min(step.sequences, step.tokens),
    pages,
    context: pages * PAGE_ROWS,
  };
}

/** The step by which a phase is judged: one token after the longest context, or the largest micro-batch of a fresh sequence. */
export function phaseStep(plan: Plan, phase: "prefill" | "decode"): EstimatedStep {
  const { tokens = 1, context = 1 } = plan.graph.symbols;
  if (phase === "decode") return { tokens: 1, context, sequences: 1 };
  const most = Math.max(1, Math.min(tokens, context));
  return { tokens: most, context: most, sequences: 1 };
}
