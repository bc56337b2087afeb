import type { DType, JsonObject, NodeId, Size, WeightSource } from "@tensorplan/ir";
import type { DeviceId } from "./device.ts";

/**
 * Where an operand lives on a device. One buffer each: `weights` (read only), `states` (caches), `inputs` (the step's tokens, positions,
 * page table …), `arena` (everything that lives within a step, workspaces included).
 */
export type RegionName = "weights" | "states" | "inputs" | "arena";
export const regionNames: readonly RegionName[] = ["weights", "states", "inputs", "arena"];

/** An operand of a program: a place in a region. Dense, slowest axis first, in the layout named. */
export interface OperandPlace {
  readonly region: RegionName;
  /** Bytes from the region's start; a multiple of 64. */
  readonly offset: number;
  readonly dtype: DType;
  readonly layout: string;
  /** Symbolic sizes, resolved by the step's bindings. */
  readonly shape: readonly Size[];
}

export interface ProgramNode {
  readonly id: NodeId;
  readonly op: string;
  readonly kernel: string;
  readonly attrs: JsonObject;
  readonly inputs: Readonly<Record<string, OperandPlace>>;
  readonly outputs: Readonly<Record<string, OperandPlace>>;
  /** Offset of the kernel's workspace in the arena, and its size for the variant's largest step. */
  readonly workspace: { readonly offset: number; readonly bytes: number } | null;
  /** Sizes of axes that attributes mention, by name. */
  readonly axes: Readonly<Record<string, Size>>;
}

/** What a backend compiles: the nodes of one split in order. */
export interface SplitProgram {
  readonly id: string;
  readonly device: DeviceId;
  /** Order of the values in the step's symbol array. */
  readonly symbols: readonly string[];
  readonly nodes: readonly ProgramNode[];
}

/** One weight to be placed into the `weights` region. */
export interface WeightPlace {
  readonly name: string;
  readonly source: WeightSource;
  readonly dtype: DType;
  readonly layout: string;
  /** Numbers: weights have no symbolic sizes. Slowest axis first. */
  readonly shape: readonly number[];
  readonly offset: number;
  readonly bytes: number;
  /** The file's bytes are mapped at the place instead of being copied there; only on devices with the feature `FILE_MAPS`. */
  readonly mapped?: true;
}
