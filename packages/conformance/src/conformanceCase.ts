import type { KernelRow } from "@tensorplan/backend-api";
import type { Axis, Bindings, Graph, HostTensor, OpSet } from "@tensorplan/ir";

/** Nodes with given operands, each for one kernel of a device. */
export interface ConformanceCase {
  /** Kernel, element types and sizes: `matmul.q8_0.rows.avx2 x f32[3, 64] w q8_0[17, 64]`. */
  readonly name: string;
  /** The kernel of each node. */
  readonly rows: readonly KernelRow[];
  readonly ops: OpSet;
  /** Sizes that depend on symbols have room for more than the step that is run. */
  readonly graph: Graph;
  /** Axes that the nodes' attributes mention. */
  readonly mentioned: readonly Axis[];
  /** Values of the graph's symbols in the step that is run. */
  readonly bindings: Bindings;
  /** Inputs, weights and states by id, already rounded to their element types. */
  readonly operands: Readonly<Record<string, HostTensor>>;
}

export interface CaseResult {
  readonly name: string;
  readonly passed: boolean;
  /** Largest |Δ| of any output over that output's root mean square; not-a-number where the case didn't get that far. */
  readonly relative: number;
  /** What is wrong, in a sentence; absent where the case passed. */
  readonly problem?: string;
}
