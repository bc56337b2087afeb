import type { DType } from "@tensorplan/ir";
import type { DeviceId, DeviceProfile } from "./device.ts";
import type { RegionName, SplitProgram, WeightPlace } from "./program.ts";

export const BACKEND_API_VERSION = 1;

export interface BackendOptions {
  /** Worker threads of each device; absent: one for each core. */
  readonly threads?: number;
  /** Number of separate devices to open where a backend can split one (`--cpu-devices`). */
  readonly devices?: number;
  /** Instruction set to force, e.g. `avx2`. */
  readonly isa?: string;
}

/** Devices found, or the reason why there are none: never an exception. */
export type ProbeResult =
  | { readonly kind: "devices"; readonly devices: readonly DeviceProfile[] }
  | { readonly kind: "none"; readonly code: string; readonly reason: string };

/** What a plug-in default-exports. */
export interface Backend {
  readonly apiVersion: typeof BACKEND_API_VERSION;
  readonly name: string;
  probe(options: BackendOptions): ProbeResult;
  /** Opens a device that `probe` with the same options listed. */
  open(id: DeviceId, options: BackendOptions): Device;
}

/** Bytes of a file, or of memory, that a weight is loaded from. `path` + `offset` let native backends map the file themselves. */
export interface TensorSource {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly bytes: number;
  readonly path: string;
  readonly offset: number;
  /** Reads the rows `[first, first + count)` of the tensor seen as a matrix of its fastest axis. */
  readRows(first: number, count: number): Promise<Uint8Array>;
}

/** Live allocation counters, kept where memory is allocated and copied. Plans are checked against them. */
export interface DeviceCounters {
  readonly regionBytes: Readonly<Record<RegionName, number>>;
  readonly peakBytes: number;
  /** Bytes copied into and out of the device's regions by `write` and `read`. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Bytes that `loadWeight` wrote into the `weights` region. */
  readonly loadedBytes: number;
  /** Programs that ran to their end. */
  readonly runs: number;
}

/** One opened device. Methods throw `TensorplanError`s; after `dispose` all of them do. */
export interface Device {
  readonly id: DeviceId;
  readonly profile: DeviceProfile;
  /** Allocates (or reallocates, losing contents) a region, 64-byte aligned, zeroed. */
  allocate(region: RegionName, bytes: number): void;
  /** Reads a weight's source, transforms it as `place` says, and stores it in the `weights` region. */
  loadWeight(place: WeightPlace, source: TensorSource, signal?: AbortSignal): Promise<void>;
  compile(program: SplitProgram): Program;
  write(region: RegionName, offset: number, bytes: Uint8Array): void;
  read(region: RegionName, offset: number, into: Uint8Array): void;
  counters(): DeviceCounters;
  dispose(): void;
  /** Present on backends with native code: what the native executor calls (see executor_api.h). */
  readonly native?: NativeDevice;
}

/** An executable split. */
export interface Program {
  readonly id: string;
  /** Runs the split with the symbols' values in the program's order; resolves when its outputs are in memory. */
  run(symbols: readonly number[], signal?: AbortSignal): Promise<void>;
  dispose(): void;
  /** Turns the timing of later runs, by whichever executor, on or off; it is off at first. Absent where nodes can't be timed. */
  setTiming?(on: boolean): void;
  /**
   * Moments of the latest timed run in nanoseconds of `process.hrtime`: node `i` of the split ran from `moments[i]` to `moments[i + 1]`.
   * Zeros before the first timed run. Call it between runs.
   */
  moments?(): Float64Array;
  /** The native program for `NativeDevice.api`, where there is one. */
  readonly native?: NativeHandle;
}

declare const handleBrand: unique symbol;
/** A napi External: an opaque pointer that only native code opens. */
export interface NativeHandle {
  readonly [handleBrand]: "external";
}

export interface NativeDevice {
  /** External of a `tp_device_api*`, tagged TP_DEVICE_API_TAG. */
  readonly api: NativeHandle;
}
