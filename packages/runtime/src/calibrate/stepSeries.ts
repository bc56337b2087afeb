import { type EstimatedStep, estimateVariant, type StepEstimate } from "@tensorplan/scheduler";
import type { NodeTimes, StepTimer } from "./stepTimer.ts";

/** Short steps are repeated for about so long in a round, but not more often than this: a single one says little. */
const ROUND_NS = 1e8;
const MOST_RUNS = 8;

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low = 0, high = 0] = [sorted[middle - ((sorted.length + 1) % 2)], sorted[middle]];
  return (low + high) / 2;
};

/** Times of the nodes of one model in steps of several sizes, gathered over rounds. */
export class StepSeries {
  readonly timer: StepTimer;
  readonly steps: readonly EstimatedStep[];
  readonly #times: NodeTimes[][];

  constructor(timer: StepTimer, steps: readonly EstimatedStep[]) {
    this.timer = timer;
    this.steps = steps;
    this.#times = steps.map(() => []);
  }

  /** Runs each step once to warm up and then a few times more. */
  async round(signal?: AbortSignal): Promise<void> {
    for (const [index, step] of this.steps.entries()) {
      const warm = await this.timer.run(step, signal);
      const length = warm.reduce((sum, ns) => sum + ns, 1);
      const runs = Math.min(MOST_RUNS, Math.max(1, Math.round(ROUND_NS / length)));
      for (let run = 0; run < runs; run++) await this.runOnce(index, signal);
    }
  }

  async runOnce(index: number, signal?: AbortSignal): Promise<void> {
    this.#times[index]?.push(await this.timer.run(this.steps[index] as EstimatedStep, signal));
  }

  /** Median nanoseconds of each node in a step, by position; 0 for views. */
  medians(index: number): readonly number[] {
    const runs = this.#times[index] ?? [];
    return Array.from(runs[0] ?? [], (_, position) => median(runs.map((times) => times[position] ?? 0)));
  }

  /** What the plan's own profile says of a step. */
  estimate(index: number): StepEstimate {
    const { plan, ops } = this.timer.planned;
    const step = this.steps[index] as EstimatedStep;
    return estimateVariant(plan, this.timer.variantOf(step), step, ops);
  }

  /** Bytes that the kernels of a step touch. */
  stepBytes(index: number): number {
    return this.estimate(index).nodes.reduce((sum, { bytes }) => sum + bytes, 0);
  }
}
