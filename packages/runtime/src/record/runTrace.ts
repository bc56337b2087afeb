import type { HostCopy, RunRecorder, StepRecord, WeightLoad } from "./runRecorder.ts";

/** Keeps all that a run records, in order, for `chromeTrace`. */
export class RunTrace implements RunRecorder {
  readonly loads: WeightLoad[] = [];
  readonly copies: HostCopy[] = [];
  readonly steps: StepRecord[] = [];

  load(load: WeightLoad): void {
    this.loads.push(load);
  }

  copy(copy: HostCopy): void {
    this.copies.push(copy);
  }

  step(step: StepRecord): void {
    this.steps.push(step);
  }
}
