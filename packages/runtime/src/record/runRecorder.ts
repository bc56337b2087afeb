import type { PlanVariant } from "@tensorplan/scheduler";
import type { TaskTime } from "../executor/executor.ts";

/** One weight's way from the file into a device's memory. Times are nanoseconds of `process.hrtime`. */
export interface WeightLoad extends TaskTime {
  readonly device: string;
  readonly weight: string;
  readonly bytes: number;
}

/** What host code copies into or out of a device's memory around a step: inputs, outputs, pages of caches. */
export interface HostCopy extends TaskTime {
  readonly kind: "input" | "output" | "page";
  readonly device: string;
  readonly name: string;
  readonly bytes: number;
}

export interface StepRecord extends TaskTime {
  readonly variant: PlanVariant;
  readonly symbols: Readonly<Record<string, number>>;
  /** Of each entry of the variant's `order`. */
  readonly tasks: readonly TaskTime[];
  /** Of each entry of `order`: node `i` of a split ran from moment `i` to `i + 1`. Absent for transfers, and where nodes can't be timed. */
  readonly moments: readonly (Float64Array | undefined)[];
}

/** Told of everything that takes time while a plan is loaded and run. Without one, nothing is timed. */
export interface RunRecorder {
  load(load: WeightLoad): void;
  copy(copy: HostCopy): void;
  step(step: StepRecord): void;
}
