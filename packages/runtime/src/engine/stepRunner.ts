import type { AssembledStep } from "./stepInputs.ts";

/** Runs steps of a planned model on its devices. */
export interface StepRunner {
  readonly vocab: number;
  /**
   * Runs one step and returns its logits, f32 [outputs, vocab], valid until the next step.
   *
   * @param newTokens tokens that each of the step's sequences gains in the whole call, its other micro-batches included: what rules see
   * as `tokensPerSequence`
   */
  run(newTokens: number, step: AssembledStep, signal: AbortSignal | undefined): Promise<Float32Array>;
  /** A number that is equal for calls whose sequences may share a step: whatever that step's sizes are, they want the same variant. */
  kindOf(newTokens: number): number;
  copyPage(from: number, to: number): void;
  dispose(): void;
}
