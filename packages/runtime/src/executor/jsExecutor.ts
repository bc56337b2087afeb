import type { Device } from "@tensorplan/backend-api";
import { evaluateSize } from "@tensorplan/ir";
import { match } from "ts-pattern";
import { checkStep, checkSymbols } from "./checkStep.ts";
import { copyBytes } from "./copyBytes.ts";
import { CopyLedger } from "./copyLedger.ts";
import type { Executor, Step, StepDescription, StepTask } from "./executor.ts";
import { asStepError, executorDisposed, stepBusy, stepCancelled } from "./stepErrors.ts";

/** Runs tasks one after the other through the devices' JavaScript interface, in the listed order, which satisfies every wait. */
export class JsExecutor implements Executor {
  readonly kind = "javascript";
  readonly #devices: readonly Device[];
  #running = false;
  #disposed = false;

  constructor(devices: readonly Device[]) {
    this.#devices = devices;
  }

  compile(description: StepDescription): Step {
    if (this.#disposed) throw executorDisposed();
    checkStep(description, this.#devices);
    const ledger = new CopyLedger(description.tasks);
    let disposed = false;
    return {
      run: async (symbols, signal) => {
        if (disposed || this.#disposed) throw executorDisposed();
        checkSymbols(description.symbols, symbols);
        if (this.#running) throw stepBusy();
        this.#running = true;
        try {
          await this.#runAll(description, symbols, signal, ledger);
        } finally {
          this.#running = false;
        }
      },
      ledger: () => ledger.counts(),
      dispose: () => {
        disposed = true;
      },
    };
  }

  dispose(): void {
    this.#disposed = true;
  }

  async #runAll(
    description: StepDescription,
    symbols: readonly number[],
    signal: AbortSignal | undefined,
    ledger: CopyLedger,
  ): Promise<void> {
    const bindings = Object.fromEntries(description.symbols.map((name, i) => [name, symbols[i] ?? 0]));
    for (const [index, task] of description.tasks.entries()) {
      if (signal?.aborted) throw stepCancelled();
      try {
        await this.#runTask(task, index, bindings, signal, ledger);
      } catch (error) {
        if (signal?.aborted) throw stepCancelled();
        throw asStepError(error);
      }
    }
  }

  async #runTask(
    task: StepTask,
    index: number,
    bindings: Readonly<Record<string, number>>,
    signal: AbortSignal | undefined,
    ledger: CopyLedger,
  ): Promise<void> {
    await match(task)
      .with({ kind: "run" }, ({ program, symbols }) =>
        program.run(
          symbols.map((name) => bindings[name] ?? 0),
          signal,
        ),
      )
      .with({ kind: "copy" }, ({ from, to, bytes }) => {
        const count = evaluateSize(bytes, bindings);
        copyBytes(this.#devices, from, to, count);
        ledger.add(index, count);
      })
      .exhaustive();
  }
}
