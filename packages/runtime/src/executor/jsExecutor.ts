import type { Device } from "@tensorplan/backend-api";
import { evaluateSize } from "@tensorplan/ir";
import { match } from "ts-pattern";
import { checkStep, checkSymbols } from "./checkStep.ts";
import { copyBytes } from "./copyBytes.ts";
import { CopyLedger } from "./copyLedger.ts";
import type { Executor, Step, StepDescription, StepTask } from "./executor.ts";
import { asStepError, executorDisposed, stepBusy, stepCancelled } from "./stepErrors.ts";
import { TaskClock } from "./taskClock.ts";

/** What a step writes down while it runs. */
interface StepBooks {
  readonly ledger: CopyLedger;
  readonly clock: TaskClock;
}

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
    const clock = new TaskClock(description.tasks.length);
    let disposed = false;
    return {
      run: async (symbols, signal) => {
        if (disposed || this.#disposed) throw executorDisposed();
        checkSymbols(description.symbols, symbols);
        if (this.#running) throw stepBusy();
        this.#running = true;
        try {
          await this.#runAll(description, symbols, signal, { ledger, clock });
        } finally {
          this.#running = false;
        }
      },
      ledger: () => ledger.counts(),
      recordTimes: (on) => {
        clock.on = on;
      },
      times: () => clock.times(),
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
    books: StepBooks,
  ): Promise<void> {
    const bindings = Object.fromEntries(description.symbols.map((name, i) => [name, symbols[i] ?? 0]));
    for (const [index, task] of description.tasks.entries()) {
      if (signal?.aborted) throw stepCancelled();
      try {
        books.clock.begin(index);
        await this.#runTask(task, index, bindings, signal, books.ledger);
        books.clock.end(index);
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
