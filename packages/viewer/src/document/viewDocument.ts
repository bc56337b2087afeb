/**
 * What the viewer shows of a plan: the plan's own facts in columns, so that a hundred thousand nodes stay small and quick to read.
 * Lists refer to each other by index; -1 stands for nothing.
 */
export interface ViewDocument {
  readonly title: string;
  readonly hash: string;
  readonly devices: readonly ViewDevice[];
  readonly rules: readonly ViewRule[];
  readonly kernels: readonly string[];
  readonly ops: readonly string[];
  readonly warnings: readonly string[];
  readonly weights: readonly ViewStored[];
  readonly states: readonly ViewStored[];
  /** One row for each node that runs in any variant, in an order that fits them all. */
  readonly rows: {
    readonly id: readonly string[];
    readonly op: readonly number[];
  };
  /** Runs of rows that fold together, in order; every row belongs to one. */
  readonly groups: readonly ViewGroup[];
  readonly eligibility: readonly (readonly ViewVerdict[])[];
  readonly variants: readonly ViewVariant[];
}

export interface ViewDevice {
  readonly id: string;
  readonly name: string;
  readonly budget: number;
  /** Without what is only mapped from the file. */
  readonly weights: number;
  readonly states: number;
  readonly inputs: number;
  readonly arena: number;
}

interface ViewRule {
  readonly name: string;
  /** `-ngl 20`, `rules.json`, `default`. */
  readonly origin: string;
  readonly why: string;
}

export interface ViewStored {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly string[];
  readonly rule: number;
  readonly copies: readonly { readonly device: number; readonly layout: string; readonly bytes: number }[];
}

export interface ViewGroup {
  readonly name: string;
  /** Of a layer; -1 for what lies outside. */
  readonly layer: number;
  readonly first: number;
  readonly count: number;
}

/** What one device could do for a node. */
interface ViewVerdict {
  readonly device: number;
  readonly kernel: number;
  readonly planned: boolean;
  /** Kernels that were tried before, and why they can't. */
  readonly refused: readonly { readonly kernel: string; readonly why: string }[];
}

export interface ViewDecision {
  readonly rule: number;
  readonly tried: readonly { readonly rule: number; readonly refused: boolean; readonly why: string }[];
}

export interface ViewVariant {
  readonly id: string;
  /** `1 to 127 new tokens a sequence`. */
  readonly steps: string;
  /** By row; -1 where the row's node isn't in this variant. */
  readonly device: readonly number[];
  readonly kernel: readonly number[];
  readonly split: readonly number[];
  readonly decision: readonly number[];
  readonly eligibility: readonly number[];
  /** By row: operands as `name`, value, alternating; empty where the node isn't in this variant. */
  readonly operands: readonly (readonly string[])[];
  /** By row: outputs as `name`, type, alternating. */
  readonly outputs: readonly (readonly string[])[];
  /** Values that are views, and the value whose bytes they show. */
  readonly views: Readonly<Record<string, string>>;
  readonly splits: readonly { readonly id: string; readonly device: number }[];
  readonly decisions: readonly ViewDecision[];
  readonly lowerings: readonly {
    readonly node: string;
    readonly op: string;
    readonly lowering: string;
    readonly decision: number;
  }[];
  readonly transfers: readonly ViewTransfer[];
  /** Bytes of work area by device. */
  readonly arena: readonly number[];
  /** What the step takes by the devices' profiles; null where that isn't known. */
  readonly time: {
    readonly tokens: number;
    readonly context: number;
    readonly totalNs: number;
    /** By row. */
    readonly ns: readonly number[];
  } | null;
}

export interface ViewTransfer {
  readonly value: string;
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  readonly formula: string;
  readonly rule: number;
  /** Row that makes the value, or -1, and the first row that reads the copy. */
  readonly source: number;
  readonly target: number;
  readonly consumers: readonly string[];
}
