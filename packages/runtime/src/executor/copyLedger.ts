import type { CopyCount, CopyTask, StepTask } from "./executor.ts";

interface Entry {
  readonly task: CopyTask;
  count: number;
  bytes: number;
  lastBytes: number;
}

/** Counts the copies of a step's tasks that JavaScript makes. */
export class CopyLedger {
  readonly #entries = new Map<number, Entry>();

  constructor(tasks: readonly StepTask[]) {
    for (const [index, task] of tasks.entries()) {
      if (task.kind === "copy") this.#entries.set(index, { task, count: 0, bytes: 0, lastBytes: 0 });
    }
  }

  add(task: number, bytes: number): void {
    const entry = this.#entries.get(task);
    if (entry === undefined) throw new RangeError(`task ${task} is no copy`);
    entry.count++;
    entry.bytes += bytes;
    entry.lastBytes = bytes;
  }

  counts(): readonly CopyCount[] {
    return [...this.#entries].map(([task, { task: copy, count, bytes, lastBytes }]) => ({
      task,
      value: copy.value,
      count,
      bytes,
      lastBytes,
    }));
  }
}
