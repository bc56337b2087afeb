import type { DeviceProfile } from "@tensorplan/backend-api";
import type { SynthPreset } from "@tensorplan/models";
import type { EstimatedStep } from "@tensorplan/scheduler";
import { calibratedProfile } from "./calibratedProfile.ts";
import { calibrationSteps, coldSteps, openCalibrationModels } from "./calibrationModels.ts";
import { copyBandwidth } from "./copyBandwidth.ts";
import { StepSeries } from "./stepSeries.ts";
import type { StepTimer } from "./stepTimer.ts";

const COLD_TURNS = 4;

export interface CalibrateOptions {
  /** Worker threads of the device; absent: one for each core. */
  readonly threads?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Models and steps to measure; absent: those that a whole profile takes. */
  readonly presets?: readonly SynthPreset[] | undefined;
  readonly steps?: readonly EstimatedStep[] | undefined;
}

/** What was measured of a machine. */
export interface Calibration {
  readonly device: DeviceProfile;
  /** Bytes each second that one thread copies within memory. */
  readonly copyBandwidth: number;
  /** How often every model ran its steps. */
  readonly rounds: number;
}

/** Measures the CPU device in rounds, so that whoever compares with it can let other work stand between them. */
export class Calibrator {
  readonly #series: readonly StepSeries[];
  readonly #cold: readonly StepSeries[];
  #rounds = 0;

  private constructor(timers: readonly StepTimer[], steps: readonly EstimatedStep[]) {
    this.#series = timers.map((timer) => new StepSeries(timer, steps));
    this.#cold = timers.map((timer) => new StepSeries(timer, coldSteps));
  }

  /** Makes the models that are measured. @throws TensorplanError `engine/no-device` without native code, or for a full disk */
  static async open({ threads, signal, presets, steps }: CalibrateOptions = {}): Promise<Calibrator> {
    return new Calibrator(await openCalibrationModels(threads, signal, presets), steps ?? calibrationSteps);
  }

  /** Runs every step of every model: some seconds. */
  async round(signal?: AbortSignal): Promise<void> {
    for (const series of this.#series) await series.round(signal);
    for (const index of coldSteps.keys()) {
      for (let turn = 0; turn < COLD_TURNS; turn++) {
        for (const series of this.#cold) await series.runOnce(index, signal);
      }
    }
    this.#rounds++;
  }

  /** What all rounds so far say, as medians. */
  result(): Calibration {
    const profile = this.#series[0]?.timer.planned.plan.capabilities.devices[0];
    const coldBytes = this.#cold.reduce((sum, series) => sum + series.stepBytes(1), 0);
    if (profile === undefined) throw new RangeError("no model was measured");
    return {
      device: calibratedProfile(profile, [
        ...this.#series.map((series) => ({ series, otherBytes: 0 })),
        // The second step of each stands for both: they differ little.
        ...this.#cold.map((series) => ({ series, otherBytes: coldBytes - series.stepBytes(1) })),
      ]),
      copyBandwidth: copyBandwidth(),
      rounds: this.#rounds,
    };
  }

  dispose(): void {
    for (const { timer } of this.#series) timer.dispose();
  }
}
