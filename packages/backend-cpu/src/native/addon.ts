import type { NativeHandle, RegionName } from "@tensorplan/backend-api";
import type { DType } from "@tensorplan/ir";

/** The shapes that `native/addon/parse.cc` reads and the classes that `native/addon/addon.cc` exports. */

/** Coefficient, then indexes of symbols. */
type NativeTerm = readonly number[];

export interface NativeOperand {
  readonly region: RegionName;
  readonly offset: number;
  readonly dtype: DType;
  readonly layout: string;
  readonly shape: readonly (readonly NativeTerm[])[];
}

interface NativeNode {
  readonly id: string;
  readonly kernel: string;
  readonly inputs: Readonly<Record<string, NativeOperand>>;
  readonly outputs: Readonly<Record<string, NativeOperand>>;
  readonly attrs: Readonly<Record<string, number | string>>;
  readonly workspaceOffset: number;
  readonly workspaceBytes: number;
}

export interface NativeProgramDesc {
  readonly id: string;
  readonly symbolCount: number;
  readonly nodes: readonly NativeNode[];
}

export interface NativeWeight {
  readonly name: string;
  readonly sourceDtype: DType;
  readonly sourceRows: number;
  readonly sourceColumns: number;
  readonly sourceOffset: number;
  readonly take: {
    readonly heads: number;
    readonly groupRows: number;
    readonly firstRow: number;
    readonly rows: number;
  } | null;
  readonly columns: { readonly first: number; readonly count: number } | null;
  readonly transposeHeads: number;
  readonly dtype: DType;
  readonly layout: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly bytes: number;
  readonly mapped: boolean;
}

export interface NativeCanceller {
  cancel(): void;
}

export type NativeOutcome = "ok" | "cancelled";

export interface NativeProgram {
  run(symbols: readonly number[], canceller?: NativeCanceller): Promise<NativeOutcome>;
  handle(): NativeHandle;
  setTiming(on: boolean): void;
  moments(): Float64Array;
  dispose(): void;
}

interface NativeCounters {
  readonly regionBytes: Readonly<Record<RegionName, number>>;
  readonly peakBytes: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly loadedBytes: number;
  readonly runs: number;
}

export interface NativeCpuDevice {
  allocate(region: RegionName, bytes: number): void;
  /** `source`: path of the file, or the tensor's bytes. */
  loadWeight(
    weight: NativeWeight,
    source: string | Uint8Array,
    canceller?: NativeCanceller,
  ): Promise<NativeOutcome>;
  compile(program: NativeProgramDesc): NativeProgram;
  write(region: RegionName, offset: number, bytes: Uint8Array): void;
  read(region: RegionName, offset: number, into: Uint8Array): void;
  counters(): NativeCounters;
  api(): NativeHandle;
  dispose(): void;
}

interface NativeKernel {
  readonly name: string;
  readonly features: readonly string[];
}

export interface NativeAddon {
  readonly abi: number;
  /** What this CPU can do, or what `isa` (`""` for all) leaves of it. */
  features(isa: string): readonly string[];
  kernels(): readonly NativeKernel[];
  readonly CpuDevice: new (threads: number, isa: string) => NativeCpuDevice;
  readonly Canceller: new () => NativeCanceller;
}
