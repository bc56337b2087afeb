import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { NativeHandle } from "@tensorplan/backend-api";

/** The shapes that `native/addon/parse_task.cc` reads and the classes that `native/addon/addon.cc` exports. */

export interface NativePlace {
  readonly device: number;
  /** Position in `regionNames`. */
  readonly region: number;
  readonly offset: number;
}

export type NativeTask =
  | {
      readonly device: number;
      /** Null on a device that JavaScript runs. */
      readonly program: NativeHandle | null;
      readonly symbols: readonly number[];
      readonly waits: readonly number[];
    }
  | {
      readonly value: string;
      readonly from: NativePlace;
      readonly to: NativePlace;
      /** Terms: coefficient, then indexes of symbols. */
      readonly bytes: readonly (readonly number[])[];
      readonly waits: readonly number[];
      readonly stream: boolean;
    };

export type NativeStatus = "ok" | "cancelled" | "failed";

/** Status codes of `tp_status`. */
export const nativeStatus = { ok: 0, cancelled: 1, failed: 2 } as const;

export interface NativeStep {
  run(symbols: readonly number[]): void;
  cancel(): void;
  /** Ends a task that the listener was asked to run. */
  settle(task: number, status: number, message?: string): void;
  countCopy(task: number, bytes: number): void;
  /** For each task: copies, their bytes, bytes of the latest. */
  ledger(): readonly (readonly [number, number, number])[];
  /** Whether later runs note when tasks begin and end. */
  recordTimes(on: boolean): void;
  /** Begin and end of each task, nanoseconds, one after the other. */
  times(): Float64Array;
  inJavascript(task: number): boolean;
}

/** Called with a task that JavaScript must run, or with `undefined` and the status of the whole step once it is over. */
type NativeListener = (task: number | undefined, status: NativeStatus, message: string) => void;

export interface NativeExecutorHandle {
  compile(tasks: readonly NativeTask[], symbolCount: number): NativeStep;
  dispose(): void;
}

export interface ExecutorAddon {
  readonly abi: number;
  readonly NativeExecutor: new (
    devices: readonly (NativeHandle | null)[],
    listener: NativeListener,
  ) => NativeExecutorHandle;
}

const addonPath = fileURLToPath(new URL("../../build/Release/tensorplan_runtime.node", import.meta.url));

/** The version of `executor_api.h` that this package's native code was written for. */
const ABI = 1;

let loaded: ExecutorAddon | null | undefined;

/** The add-on, or null where it isn't built or doesn't load: steps then run through JavaScript. Tried once for the process. */
export function loadExecutorAddon(): ExecutorAddon | null {
  if (loaded !== undefined) return loaded;
  loaded = null;
  try {
    statSync(addonPath);
    const addon = createRequire(import.meta.url)(addonPath) as ExecutorAddon;
    if (addon.abi === ABI) loaded = addon;
  } catch {
    // Not built, or built for another machine.
  }
  return loaded;
}
