import type { DeviceProfile, Link, RegionName } from "@tensorplan/backend-api";
import type { DType, JsonObject } from "@tensorplan/ir";
import type { StateResidence, WeightResidence } from "../residence/residence.ts";
import type { Rule } from "../rules/rule.ts";
import type { Decision } from "../rules/ruleBook.ts";
import type { Box } from "../variants/box.ts";
import type { Refusal } from "../verdicts/row.ts";

export const PLAN_SCHEMA = "tensorplan.plan/1";

/**
 * Where everything lives and runs, and why: plain JSON, the same bytes for the same input on every machine. Lists that refer to each
 * other do so by index into the plan's or the variant's own lists.
 */
export interface Plan {
  readonly schema: typeof PLAN_SCHEMA;
  readonly graph: {
    readonly name: string;
    readonly hash: string;
    readonly symbols: Readonly<Record<string, number>>;
    /** Printed size of every axis that attributes or shapes mention, lowerings' own included. */
    readonly axes: Readonly<Record<string, string>>;
  };
  readonly capabilities: PlanCapabilities;
  /** In the order that the user stated. */
  readonly devices: readonly PlanDevice[];
  /** The whole effective list: nothing outside it decided anything. */
  readonly rules: readonly Rule[];
  readonly weights: readonly WeightResidence[];
  readonly states: readonly StateResidence[];
  readonly inputs: readonly PlanInputTensor[];
  /** Nodes of all variants, each once: nodes of different variants that are alike are one entry. */
  readonly nodes: readonly PlanNode[];
  /** What each device could do for a kind of node. */
  readonly eligibility: readonly Eligibility[];
  readonly variants: readonly PlanVariant[];
  /** What fallback rules decided, over all variants; the rules are named and have no other effect. */
  readonly fallbacks: readonly { readonly rule: string; readonly count: number }[];
  readonly warnings: readonly PlanWarning[];
  /** How an `optimise` rule was obeyed; absent where there was none. */
  readonly optimisation?: PlanOptimisation;
}

/** Times in whole nanoseconds. */
export interface PlanOptimisation {
  readonly rule: string;
  readonly objective: string;
  /** Estimated time of the plan for the objective. */
  readonly ns: number;
  /** Which candidate it is, and the next best. */
  readonly chosen: string;
  readonly runnerUp: { readonly name: string; readonly ns: number } | null;
  /** What the solver found of the linear model, and that no choice can be better than; null where nothing fits it. */
  readonly linear: {
    readonly objectiveNs: number;
    readonly boundNs: number;
    readonly gapPpm: number;
  } | null;
  /** Name and version. */
  readonly solver: string;
}

/** What the machine could do when the plan was made: profiles with their kernel rows, and links. */
export interface PlanCapabilities {
  /** SHA-256 of the rest. */
  readonly hash: string;
  /** In the order that the user stated. */
  readonly devices: readonly DeviceProfile[];
  readonly links: readonly Link[];
}

export interface PlanDevice {
  readonly id: string;
  readonly backend: string;
  readonly name: string;
  readonly hostMemory: boolean;
  readonly threads: number;
  /** Whether weights can be used where they lie in the file. */
  readonly maps: boolean;
  /** Bytes that the plan may use. */
  readonly budget: number;
  /** Bytes of each region that the plan uses: what is allocated before anything is loaded. */
  readonly weights: number;
  /** How many of the weights' bytes are mapped from files: address space only, which the budget doesn't count. */
  readonly mapped: number;
  readonly states: number;
  readonly inputs: number;
  readonly arena: number;
}

/** A tensor that each step brings, in the `inputs` region of every device that reads it, at its largest. */
export interface PlanInputTensor {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly string[];
  readonly bytes: number;
  readonly places: readonly { readonly device: string; readonly offset: number }[];
}

export interface PlanType {
  readonly dtype: DType;
  /** Printed sizes, slowest axis first. */
  readonly shape: readonly string[];
}

export interface PlanNode {
  readonly id: string;
  readonly op: string;
  /** Ids of the operands' values. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly attrs: JsonObject;
  readonly outputs: Readonly<Record<string, PlanType>>;
  /** Which rewrite made it. */
  readonly origin?: string;
  /** Outputs that share the storage of an operand, by name. */
  readonly aliases?: Readonly<Record<string, string>>;
}

export interface DeviceEligibility {
  readonly device: string;
  /** The kernel that would run the node, or null. `planned`: it doesn't exist yet. */
  readonly kernel: string | null;
  readonly planned?: boolean;
  /** Kernels that were tried before, and why they can't. */
  readonly refused: readonly Refusal[];
}

export interface Eligibility {
  readonly devices: readonly DeviceEligibility[];
}

/** The plan for steps of some sizes. */
export interface PlanVariant {
  readonly id: string;
  readonly box: Box;
  /** Largest value of each symbol in the box. */
  readonly max: Readonly<Record<string, number>>;
  readonly lowerings: readonly PlanLowering[];
  /** In the graph's order. */
  readonly nodes: readonly PlanAssignment[];
  readonly decisions: readonly Decision[];
  /** In an order in which each split needs only earlier ones; the splits of one device run in this order. */
  readonly splits: readonly PlanSplit[];
  readonly transfers: readonly PlanTransfer[];
  /** All tasks of a step, ids of splits and transfers, in one order that satisfies their dependencies. */
  readonly order: readonly string[];
  readonly memory: readonly PlanArena[];
  readonly outputs: readonly PlanOutput[];
}

export interface PlanLowering {
  readonly node: string;
  readonly op: string;
  readonly lowering: string;
  /** Index into the variant's decisions. */
  readonly decision: number;
}

/** Where a node runs. Views have no device, kernel or decision: their bytes are their operand's. */
export interface PlanAssignment {
  /** Index into the plan's nodes. */
  readonly node: number;
  readonly device: string | null;
  readonly kernel: string | null;
  /** Index into the plan's eligibility; -1 for views. */
  readonly eligibility: number;
  /** Index into the variant's decisions; -1 for views. */
  readonly decision: number;
  /** Layouts of weights that the kernel reads in another form than rows. */
  readonly layouts?: Readonly<Record<string, string>>;
}

export interface PlanSplit {
  readonly id: string;
  readonly device: string;
  /** Indexes into the variant's nodes. */
  readonly nodes: readonly number[];
  /** Transfers that must be done before it starts. */
  readonly waits: readonly string[];
}

export interface PlanTransfer {
  readonly id: string;
  /** `activation`: a value that a node made; `stream`: a weight that lives elsewhere, in each step anew. */
  readonly kind: "activation" | "stream";
  readonly value: string;
  readonly from: string;
  readonly to: string;
  /**
   * The split that must be done before: the one that makes the value or, of a stream, the last one of the target that may use the bytes
   * that the copy overwrites; null if there is none.
   */
  readonly after: string | null;
  /** Splits that read the copy. */
  readonly before: readonly string[];
  /** Bytes as a formula over the step's symbols, and for the variant's largest step. */
  readonly formula: string;
  readonly bytes: number;
  readonly fromRegion: RegionName;
  readonly fromOffset: number;
  readonly toRegion: RegionName;
  readonly toOffset: number;
  /** Of a stream: how the weight lies on both devices. */
  readonly layout?: string;
  /** Nodes that read the copy, the rule that put the first of them on that device, and the rule that allows copies. */
  readonly consumers: readonly string[];
  readonly because: string;
  readonly rule: string;
}

/** One device's arena in one variant. */
export interface PlanArena {
  readonly device: string;
  readonly bytes: number;
  /** Least that any layout needs: the largest sum of bytes alive at once. */
  readonly lowerBound: number;
  readonly buffers: readonly PlanBuffer[];
  readonly workspaces: readonly PlanBuffer[];
}

/** A piece of an arena, alive between two positions of the device's order; `last` null: to the end of the step. */
export interface PlanBuffer {
  /** The value, or for work areas the node. */
  readonly id: string;
  readonly offset: number;
  readonly bytes: number;
  readonly first: number;
  readonly last: number | null;
}

export interface PlanOutput extends PlanType {
  readonly name: string;
  readonly value: string;
  readonly device: string;
  readonly region: "arena" | "inputs" | "states";
  readonly offset: number;
}

export interface PlanWarning {
  readonly code: string;
  readonly message: string;
  /** What to do about it. */
  readonly hint: string;
}
