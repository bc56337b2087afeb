import type { Device } from "@tensorplan/backend-api";
import { evaluateSize } from "@tensorplan/ir";
import { checkStep, checkSymbols } from "./checkStep.ts";
import { copyBytes } from "./copyBytes.ts";
import type { CopyCount, Executor, Step, StepDescription } from "./executor.ts";
import {
  type ExecutorAddon,
  type NativeExecutorHandle,
  type NativeStatus,
  type NativeStep,
  nativeStatus,
} from "./nativeAddon.ts";
import { nativeTasks } from "./nativeTasks.ts";
import { executorDisposed, stepBusy, stepCancelled, stepFailed } from "./stepErrors.ts";
import { taskTimes } from "./taskClock.ts";

/** The step that runs now. */
interface Running {
  readonly description: StepDescription;
  readonly step: NativeStep;
  readonly bindings: Readonly<Record<string, number>>;
  /** For the tasks that JavaScript runs: aborted when the step is cancelled or fails elsewhere. */
  readonly abort: AbortController;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
  /** What a task in JavaScript threw first. */
  cause: unknown;
}

/**
 * Runs a step's whole DAG off the main thread, in one call: a thread for each device's queue. Devices without native code take part
 * through this class, which runs their programs, and the copies that touch their memory, on the main thread when their turn comes.
 */
export class NativeExecutor implements Executor {
  readonly kind = "native";
  readonly #devices: readonly Device[];
  readonly #native: NativeExecutorHandle;
  #running: Running | undefined;
  #disposed = false;

  constructor(addon: ExecutorAddon, devices: readonly Device[]) {
    this.#devices = devices;
    this.#native = new addon.NativeExecutor(
      devices.map((device) => device.native?.api ?? null),
      (task, status, message) => {
        if (task === undefined) this.#finish(status, message);
        else void this.#runTask(task);
      },
    );
  }

  compile(description: StepDescription): Step {
    if (this.#disposed) throw executorDisposed();
    checkStep(description, this.#devices);
    const native = this.#native.compile(nativeTasks(description, this.#devices), description.symbols.length);
    let disposed = false;
    return {
      run: (symbols, signal) =>
        disposed || this.#disposed
          ? Promise.reject(executorDisposed())
          : this.#run(description, native, symbols, signal),
      ledger: () => readLedger(description, native),
      recordTimes: (on) => native.recordTimes(on),
      times: () => taskTimes(native.times()),
      dispose: () => {
        disposed = true;
      },
    };
  }

  dispose(): void {
    this.#disposed = true;
    this.#running?.abort.abort();
    this.#native.dispose();
  }

  async #run(
    description: StepDescription,
    step: NativeStep,
    symbols: readonly number[],
    signal: AbortSignal | undefined,
  ): Promise<void> {
    checkSymbols(description.symbols, symbols);
    if (this.#running !== undefined) throw stepBusy();
    if (signal?.aborted) throw stepCancelled();
    const bindings = Object.fromEntries(description.symbols.map((name, i) => [name, symbols[i] ?? 0]));
    const abort = new AbortController();
    const cancel = () => {
      step.cancel();
      abort.abort(signal?.reason);
    };
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      await new Promise<void>((resolve, reject) => {
        this.#running = { description, step, bindings, abort, resolve, reject, cause: undefined };
        step.run(symbols);
      });
    } finally {
      this.#running = undefined;
      signal?.removeEventListener("abort", cancel);
    }
  }

  #finish(status: NativeStatus, message: string): void {
    const running = this.#running;
    if (running === undefined) return;
    if (status === "ok") running.resolve();
    else if (status === "cancelled") running.reject(stepCancelled());
    else running.reject(stepFailed(message, running.cause));
  }

  async #runTask(index: number): Promise<void> {
    const running = this.#running;
    const task = running?.description.tasks[index];
    if (running === undefined || task === undefined) return;
    const { step, bindings, abort } = running;
    try {
      if (task.kind === "run") {
        await task.program.run(
          task.symbols.map((name) => bindings[name] ?? 0),
          abort.signal,
        );
      } else {
        const bytes = evaluateSize(task.bytes, bindings);
        copyBytes(this.#devices, task.from, task.to, bytes);
        step.countCopy(index, bytes);
      }
      step.settle(index, nativeStatus.ok);
    } catch (error) {
      if (abort.signal.aborted) return step.settle(index, nativeStatus.cancelled);
      running.cause ??= error;
      step.settle(index, nativeStatus.failed, error instanceof Error ? error.message : String(error));
    }
  }
}

function readLedger({ tasks }: StepDescription, step: NativeStep): readonly CopyCount[] {
  const rows = step.ledger();
  return tasks.flatMap((task, index) => {
    if (task.kind !== "copy") return [];
    const [count, bytes, lastBytes] = rows[index] ?? [0, 0, 0];
    return [{ task: index, value: task.value, count, bytes, lastBytes }];
  });
}
