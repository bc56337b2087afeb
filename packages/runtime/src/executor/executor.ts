import type { Device, Program, RegionName } from "@tensorplan/backend-api";
import type { Size } from "@tensorplan/ir";

/** A place in a device's memory. `device` is an index into the executor's devices. */
export interface Place {
  readonly device: number;
  readonly region: RegionName;
  /** Bytes from the region's start. */
  readonly offset: number;
}

/** Runs one split. */
interface RunTask {
  readonly kind: "run";
  readonly device: number;
  readonly program: Program;
  /** Names of the program's symbols in its order (`SplitProgram.symbols`). */
  readonly symbols: readonly string[];
  /** Indexes of earlier tasks that must have finished; those of the same device needn't be listed. */
  readonly waits: readonly number[];
}

/** Copies a value from one device to another. */
export interface CopyTask {
  readonly kind: "copy";
  /** The value's name, for the ledger. */
  readonly value: string;
  readonly from: Place;
  readonly to: Place;
  readonly bytes: Size;
  readonly waits: readonly number[];
  /**
   * A weight that comes beside its devices' work: the copy takes no turn. It starts when its waits are done, and of later tasks only those
   * that wait for it start after it. Streams into one device follow each other.
   */
  readonly stream?: boolean;
}

export type StepTask = RunTask | CopyTask;

/**
 * The DAG of one variant's step. Tasks are listed in the plan's order, in which each device works; tasks of different devices run at
 * once unless `waits` says otherwise. A copy, unless it is a stream, takes its turn on both of its devices: it starts when the earlier tasks of both are done,
 * and later tasks of both start after it, so a memory layout that is right for the listed order is right here.
 */
export interface StepDescription {
  readonly tasks: readonly StepTask[];
  /** Names of the values given to `Step.run`, in order. Every symbol of a program or a copy's size is among them. */
  readonly symbols: readonly string[];
}

/** What the copies of one task added up to, counted where memory was copied. */
export interface CopyCount {
  readonly task: number;
  readonly value: string;
  readonly count: number;
  readonly bytes: number;
  /** Bytes of the latest copy. */
  readonly lastBytes: number;
}

/** When a task ran, in nanoseconds of `process.hrtime`: from its turn, when what it waits for is done, to its end. */
export interface TaskTime {
  readonly begin: number;
  readonly end: number;
}

/** A step compiled once for a variant and run many times. */
export interface Step {
  /**
   * Runs all tasks; resolves when they are finished. Only one step of an executor runs at a time. Rejects with a `TensorplanError`:
   * `step/cancelled` after `signal` aborts, `step/failed` with the device's message, `step/busy` while another step runs.
   */
  run(symbols: readonly number[], signal?: AbortSignal): Promise<void>;
  /** Since the step was made. */
  ledger(): readonly CopyCount[];
  /** Whether later runs note when each task begins and ends; off when made, and free of cost then. Not while a step runs. */
  recordTimes(on: boolean): void;
  /** Of each task, in order, in the latest run that noted them. */
  times(): readonly TaskTime[];
  dispose(): void;
}

export interface Executor {
  readonly kind: "native" | "javascript";
  /** @throws TensorplanError `step/malformed` for a task that names a device, task or symbol that isn't there. */
  compile(description: StepDescription): Step;
  /** Ends the queues' threads. Devices and programs stay their owners'. */
  dispose(): void;
}

export type MakeExecutor = (devices: readonly Device[]) => Executor;
