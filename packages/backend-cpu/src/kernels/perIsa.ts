import type { KernelPredicate, KernelRow, OperandClaim, WorkspaceTerm } from "@tensorplan/backend-api";
import { avx2Features, avx512Features } from "./isa.ts";

type Isa = "avx512" | "avx2" | "generic";

const features: Readonly<Record<Isa, readonly string[]>> = {
  avx512: avx512Features,
  avx2: avx2Features,
  generic: [],
};

/** Shares of the f32 rate and of the read bandwidth; memory-bound kernels reach much of the latter even without vectors. */
export type IsaShares = Readonly<Record<Isa, readonly [compute: number, memory: number]>>;

/** Loops that stream values through a few operations. */
export const streaming: IsaShares = { avx512: [0.3, 0.8], avx2: [0.15, 0.8], generic: [0.03, 0.4] };

/** Operand claims of computed values. */
export const f32: OperandClaim = { dtypes: ["f32"] };
export const i32: OperandClaim = { dtypes: ["i32"] };

/** One kernel that exists for each instruction set: rows `<name>.avx512`, `<name>.avx2`, `<name>.generic`, best first. */
export const perIsa = (kernel: {
  readonly name: string;
  readonly op: string;
  readonly operands: Readonly<Record<string, OperandClaim>>;
  readonly outputs?: Readonly<Record<string, OperandClaim>>;
  readonly when?: readonly KernelPredicate[];
  readonly workspace?: readonly WorkspaceTerm[];
  readonly shares: IsaShares;
  readonly overheadNs?: number;
  readonly isas?: readonly Isa[];
  readonly status?: KernelRow["status"];
}): readonly KernelRow[] =>
  (kernel.isas ?? (["avx512", "avx2", "generic"] as const)).map((isa) => ({
    name: `${kernel.name}.${isa}`,
    op: kernel.op,
    operands: kernel.operands,
    outputs: kernel.outputs ?? { out: f32 },
    requires: features[isa],
    when: kernel.when ?? [],
    workspace: kernel.workspace ?? [],
    cost: {
      rate: "f32",
      computeShare: kernel.shares[isa][0],
      memoryShare: kernel.shares[isa][1],
      overheadNs: kernel.overheadNs ?? 1000,
    },
    status: kernel.status ?? "ready",
  }));
