import type { DType, JsonValue } from "@tensorplan/ir";

/** How a weight's or cache's bytes lie in a device's memory. `rows` is the file's own row-major form, which every device can hold. */
export interface LayoutInfo {
  readonly name: string;
  readonly doc: string;
  /** The second-slowest-to-fastest structure is repeated for groups of this many rows; a last group is padded with zeros. */
  readonly rowGroup: number;
  /** Element types that can be stored so. */
  readonly dtypes: readonly DType[];
}

export const ROWS_LAYOUT = "rows";

/** What a kernel reads or writes for one operand. */
export interface OperandClaim {
  readonly dtypes: readonly DType[];
  /** For weights and states: the layout that the kernel reads; `rows` where absent. */
  readonly layout?: string;
}

/**
 * A condition on a node, as data so that the scheduler alone evaluates it. `dim` names an operand's dimension: `"x.-1"` the fastest axis
 * of operand `x`, `"x.0"` the slowest, `"x.rows"` the product of all but the fastest, `"x.rank"` the number of axes. Symbolic sizes are
 * compared over the whole box of the variant. Each condition carries the reason given when it doesn't hold.
 */
export type KernelPredicate = { readonly reason: string } & (
  | { readonly kind: "attr"; readonly name: string; readonly oneOf: readonly JsonValue[] }
  | {
      readonly kind: "dim";
      readonly dim: string;
      readonly multipleOf?: number;
      readonly min?: number;
      readonly max?: number;
    }
  | { readonly kind: "present"; readonly operand: string; readonly present: boolean }
);

/** Bytes of work area: each term is `ceil(Π dims × bytes / per)`, rounded up to 64. A dim is as in `KernelPredicate`, or `"threads"`. */
export interface WorkspaceTerm {
  readonly bytes: number;
  readonly per?: number;
  readonly dims: readonly string[];
}

/** Which of a device's rates bounds the kernel, and what share of it the kernel reaches. */
export interface KernelCost {
  readonly rate: RateName;
  readonly computeShare: number;
  readonly memoryShare: number;
  /** Fixed time of one execution, nanoseconds. */
  readonly overheadNs: number;
  /** What executions took on this device. Where there are some, they correct what the shares say for work like theirs. */
  readonly measured?: readonly CostSample[];
}

/** Time of one kernel's execution as it was measured. */
export interface CostSample {
  /** Work of the execution, as the operation's cost function has it. */
  readonly flops: number;
  readonly bytes: number;
  /** Rows of the first output, which is how a kernel's work is mostly cut, and elements of all outputs. */
  readonly rows: number;
  readonly elements: number;
  /** Bytes that all kernels of the step touched: whether operands were still in a cache from the step before. */
  readonly stepBytes: number;
  /** Median, nanoseconds. */
  readonly ns: number;
}

export type RateName = "int8" | "f32" | "f16";

/** One kernel that a backend has, entirely as data. Rows are tried in order; the first that fits is the kernel that the plan names. */
export interface KernelRow {
  /** `op.detail.isa`, e.g. `matmul.iq4_nl.x16.avx512vnni`. */
  readonly name: string;
  readonly op: string;
  /** Every operand and output of the op that the kernel accepts. An operand that isn't listed must be absent. */
  readonly operands: Readonly<Record<string, OperandClaim>>;
  readonly outputs: Readonly<Record<string, OperandClaim>>;
  /** Device features that must all be there, e.g. `avx512_vnni`. */
  readonly requires: readonly string[];
  readonly when: readonly KernelPredicate[];
  readonly workspace: readonly WorkspaceTerm[];
  readonly cost: KernelCost;
  /** `planned` rows describe kernels that don't exist yet: profiles may use them, a run refuses them. */
  readonly status: "ready" | "planned";
}
