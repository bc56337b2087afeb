import { TensorplanError } from "@tensorplan/ir";

export const stepCancelled = (): TensorplanError =>
  new TensorplanError({ code: "step/cancelled", message: "the step was cancelled" });

export const stepBusy = (): TensorplanError =>
  new TensorplanError({
    code: "step/busy",
    message: "another step is running on these devices",
    hint: "wait for its promise first",
  });

export const stepFailed = (message: string, cause?: unknown): TensorplanError =>
  new TensorplanError({ code: "step/failed", message: `the step failed: ${message}`, cause });

export const executorDisposed = (): TensorplanError =>
  new TensorplanError({
    code: "step/disposed",
    message: "the executor, or this step of it, was disposed of",
  });

/** What a device's promise was rejected with, as an executor reports it. */
export const asStepError = (cause: unknown): TensorplanError =>
  stepFailed(cause instanceof Error ? cause.message : String(cause), cause);
