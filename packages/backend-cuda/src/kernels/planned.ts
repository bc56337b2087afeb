import type {
  KernelCost,
  KernelPredicate,
  KernelRow,
  OperandClaim,
  RateName,
  WorkspaceTerm,
} from "@tensorplan/backend-api";

/** Operand claims of computed values. */
export const f32: OperandClaim = { dtypes: ["f32"] };
export const i32: OperandClaim = { dtypes: ["i32"] };

/** What starting one kernel costs when a step's kernels are launched as one graph. */
const LAUNCH_NS = 2500;

/** Shares of a rate and of the memory's bandwidth. */
export const costOf = (
  rate: RateName,
  computeShare: number,
  memoryShare: number,
  launches = 1,
): KernelCost => ({ rate, computeShare, memoryShare, overheadNs: LAUNCH_NS * launches });

/** Kernels that stream values through a few operations reach most of the bandwidth. */
const streaming = costOf("f32", 0.5, 0.8);

/** The row of a kernel that this backend is to have and hasn't yet: plans may use it, a run refuses it. */
export const planned = (kernel: {
  readonly name: string;
  readonly op: string;
  readonly operands: Readonly<Record<string, OperandClaim>>;
  readonly outputs?: Readonly<Record<string, OperandClaim>>;
  readonly requires?: readonly string[];
  readonly when?: readonly KernelPredicate[];
  readonly workspace?: readonly WorkspaceTerm[];
  readonly cost?: KernelCost;
}): KernelRow => ({
  name: kernel.name,
  op: kernel.op,
  operands: kernel.operands,
  outputs: kernel.outputs ?? { out: f32 },
  requires: kernel.requires ?? [],
  when: kernel.when ?? [],
  workspace: kernel.workspace ?? [],
  cost: kernel.cost ?? streaming,
  status: "planned",
});
