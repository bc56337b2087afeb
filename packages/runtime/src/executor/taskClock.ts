import { nowNs } from "../record/nowNs.ts";
import type { TaskTime } from "./executor.ts";

/** Notes when each task of a step that JavaScript runs begins and ends; its memory is taken once. */
export class TaskClock {
  on = false;
  readonly #times: Float64Array;

  constructor(tasks: number) {
    this.#times = new Float64Array(2 * tasks);
  }

  begin(task: number): void {
    if (this.on) this.#times[2 * task] = nowNs();
  }

  end(task: number): void {
    if (this.on) this.#times[2 * task + 1] = nowNs();
  }

  times(): readonly TaskTime[] {
    return taskTimes(this.#times);
  }
}

/** Begins and ends that alternate in one array, as objects. */
export const taskTimes = (flat: Float64Array): readonly TaskTime[] =>
  Array.from({ length: flat.length / 2 }, (_, task) => ({
    begin: flat[2 * task] as number,
    end: flat[2 * task + 1] as number,
  }));
