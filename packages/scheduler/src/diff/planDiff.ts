import type { DType } from "@tensorplan/ir";
import type { Box } from "../variants/box.ts";

/** What two plans say of the same thing, first plan first. */
export interface Pair<T> {
  readonly a: T;
  readonly b: T;
}

/** Bytes of a device's regions in both plans; a device that one plan lacks has 0 there. */
export interface DeviceDiff {
  readonly device: string;
  /** Which plans have the device. */
  readonly in: "a" | "b" | "both";
  readonly weights: Pair<number>;
  readonly states: Pair<number>;
  readonly inputs: Pair<number>;
  readonly arena: Pair<number>;
  readonly total: Pair<number>;
  readonly budget: Pair<number>;
}

export interface RuleDiff {
  readonly rule: string;
  /** `moved`: the same rule stands at another place among those that both lists have. */
  readonly change: "added" | "removed" | "changed" | "moved";
}

export interface StoredSide {
  /** One for each copy, the home first. */
  readonly devices: readonly string[];
  readonly layouts: readonly string[];
  readonly dtype: DType;
  readonly bytes: number;
  readonly rule: string;
}

/** A weight or cache that lives elsewhere, in another form or size, or in one plan only. */
export interface StoredDiff {
  readonly kind: "weight" | "state";
  readonly id: string;
  readonly change: "added" | "removed" | "device" | "form" | "rule";
  readonly a: StoredSide | null;
  readonly b: StoredSide | null;
}

export interface NodeSide {
  readonly op: string;
  readonly device: string;
  readonly kernel: string;
  readonly rule: string;
}

/** A node that runs elsewhere, by another kernel, for another reason, or in one plan only. Views run nowhere and aren't compared. */
export interface NodeDiff {
  readonly id: string;
  readonly change: "added" | "removed" | "device" | "operation" | "kernel" | "rule";
  readonly a: NodeSide | null;
  readonly b: NodeSide | null;
}

export interface LoweringSide {
  readonly lowering: string;
  readonly rule: string;
}

export interface LoweringDiff {
  readonly id: string;
  readonly op: string;
  readonly a: LoweringSide | null;
  readonly b: LoweringSide | null;
}

/** A copy that only one plan makes, or makes with other bytes: a value and the devices between which it goes. */
export interface TransferDiff {
  readonly value: string;
  readonly from: string;
  readonly to: string;
  readonly bytes: Pair<number | null>;
}

/** What changes for the steps of a box, which a variant of each plan serves. */
export interface VariantDiff {
  readonly box: Box;
  /** Ids of the variants. */
  readonly variant: Pair<string>;
  readonly splits: Pair<number>;
  readonly transfers: Pair<number>;
  /** Of the variants' largest steps. */
  readonly transferBytes: Pair<number>;
  readonly nodes: readonly NodeDiff[];
  readonly lowerings: readonly LoweringDiff[];
  readonly copies: readonly TransferDiff[];
}

/** Estimated time of the largest step of a phase that both plans serve. */
export interface TimeDiff {
  readonly phase: "prefill" | "decode";
  readonly tokens: number;
  /** Rows of context after the step. */
  readonly context: number;
  readonly nanoseconds: Pair<number>;
}

export interface SymbolDiff {
  readonly symbol: string;
  readonly a: number | null;
  readonly b: number | null;
}

/** Everything that differs between two plans, by meaning: offsets and reasons that don't decide aren't listed. */
export interface PlanDiff {
  readonly hash: Pair<string>;
  readonly graph: Pair<{ readonly name: string; readonly hash: string }>;
  /** The plans' bytes are the same. */
  readonly same: boolean;
  /** The devices' kernels, rates or links differ. */
  readonly capabilitiesChanged: boolean;
  /** Largest sizes of a step that differ. */
  readonly symbols: readonly SymbolDiff[];
  readonly devices: readonly DeviceDiff[];
  readonly rules: readonly RuleDiff[];
  readonly stored: readonly StoredDiff[];
  readonly times: readonly TimeDiff[];
  /** One entry for each pair of variants that serve a common step, whether or not anything differs. */
  readonly variants: readonly VariantDiff[];
}
