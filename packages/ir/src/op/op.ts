import { z } from "zod";
import type { Axis } from "../axis/axis.ts";
import type { Bindings } from "../axis/size.ts";
import type { DType } from "../dtype/index.ts";
import type { GraphBuilder } from "../graph/builder.ts";
import type { Tensor } from "../graph/tensor.ts";

export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };
export type JsonObject = { readonly [key: string]: JsonValue };

/** Element type and axes (slowest first) of a value. */
export interface TypedAxes {
  readonly dtype: DType;
  readonly axes: readonly Axis[];
}

/** A tensor in host memory, dense, slowest axis first. Floats of every type are held as f32, already rounded to that type. */
export interface HostTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: Float32Array | Int32Array;
}

/** What a type rule sees. */
export interface InferContext<Attrs> {
  readonly inputs: Readonly<Record<string, TypedAxes>>;
  readonly attrs: Attrs;
  /** Finds an axis of the graph by the name that an attribute gives. */
  readonly axis: (name: string) => Axis;
}

/**
 * What a reference implementation sees. It fills the outputs, which are zeroed and have the shapes that the type rule says. An output that
 * aliases an input may share its `data`, or be apart from it: `copyInto` does right by both.
 */
export interface ReferenceContext<Attrs> {
  readonly inputs: Readonly<Record<string, HostTensor>>;
  readonly outputs: Readonly<Record<string, HostTensor>>;
  readonly attrs: Attrs;
  /** Size of an axis of the graph under the step's bindings. */
  readonly axisSize: (name: string) => number;
}

/** Shape and bytes of an operand under given symbol values. */
export interface SizedOperand {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly bytes: number;
}

export interface CostContext<Attrs> {
  readonly inputs: Readonly<Record<string, SizedOperand>>;
  readonly outputs: Readonly<Record<string, SizedOperand>>;
  readonly attrs: Attrs;
  readonly bindings: Bindings;
}

/** Work of one execution: arithmetic operations (a multiply-add counts 2) and bytes that must be read or written at least once. */
export interface Cost {
  readonly flops: number;
  readonly bytes: number;
}

/**
 * One way to do a composite operation. `expand` rewrites the node into other operations; without it the operation itself is the unit
 * and a backend runs it by one kernel.
 */
export interface Lowering<Attrs> {
  readonly name: string;
  readonly doc: string;
  readonly expand?: (context: ExpandContext<Attrs>) => Readonly<Record<string, Tensor>>;
}

export interface ExpandContext<Attrs> {
  readonly builder: GraphBuilder;
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly attrs: Attrs;
}

/** How far a kernel may be from the reference: largest |Δ| over the output, divided by the reference output's root mean square. */
export interface Tolerance {
  /** All operands f32. */
  readonly f32: number;
  /** Some operand f16 or bf16. */
  readonly half: number;
  /** Some operand stored in blocks: activations may be quantised to eight bits. */
  readonly block: number;
}

export interface OpSpec<Name extends string, Attrs extends JsonObject> {
  /** snake_case; what plans and graphs print. */
  readonly name: Name;
  /** One or two sentences with shapes, and the source of the algorithm. */
  readonly doc: string;
  /** Operand names in order; a trailing `?` marks an optional one. */
  readonly inputs: readonly string[];
  /** Output names; `["out"]` where absent. */
  readonly outputs?: readonly string[];
  readonly attrs: z.core.$ZodType<Attrs>;
  /** Type rule: outputs by name. The main output is called `out`. Throws through `fail`. */
  infer(context: InferContext<Attrs>): Readonly<Record<string, TypedAxes>>;
  /** Outputs that share storage with an input: views (`copies: false`) and in-place updates of states (`mutates`). */
  readonly aliases?: Readonly<Record<string, { readonly input: string; readonly mutates: boolean }>>;
  reference(context: ReferenceContext<Attrs>): void;
  cost(context: CostContext<Attrs>): Cost;
  readonly tolerance: Tolerance;
  /** Composite operations: at least one lowering must expand to primitives. */
  readonly lowerings?: readonly Lowering<Attrs>[];
}

/** An operation with its attributes' type erased: attributes were validated when the node was made. */
export interface Op<Name extends string = string> {
  readonly name: Name;
  readonly doc: string;
  readonly inputs: readonly { readonly name: string; readonly optional: boolean }[];
  readonly outputs: readonly string[];
  readonly aliases: Readonly<Record<string, { readonly input: string; readonly mutates: boolean }>>;
  readonly tolerance: Tolerance;
  readonly lowerings: readonly Lowering<JsonObject>[];
  parseAttrs(raw: unknown): { ok: true; attrs: JsonObject } | { ok: false; problem: string };
  infer(context: InferContext<JsonObject>): Readonly<Record<string, TypedAxes>>;
  reference(context: ReferenceContext<JsonObject>): void;
  cost(context: CostContext<JsonObject>): Cost;
}

export function defineOp<const Name extends string, Attrs extends JsonObject>(
  spec: OpSpec<Name, Attrs>,
): Op<Name> {
  const op: Op<Name> = {
    name: spec.name,
    doc: spec.doc,
    inputs: spec.inputs.map((name) => ({ name: name.replace(/\?$/, ""), optional: name.endsWith("?") })),
    outputs: spec.outputs ?? ["out"],
    aliases: spec.aliases ?? {},
    tolerance: spec.tolerance,
    lowerings: (spec.lowerings ?? []) as readonly Lowering<JsonObject>[],
    parseAttrs(raw) {
      const parsed = z.safeParse(spec.attrs, raw);
      if (parsed.success) return { ok: true, attrs: parsed.data };
      const [issue] = parsed.error.issues;
      const where = issue?.path.join(".");
      return {
        ok: false,
        problem: `${where ? `'${where}': ` : ""}${issue?.message ?? "invalid attributes"}`,
      };
    },
    infer: (context) => spec.infer(context as InferContext<Attrs>),
    reference: (context) => spec.reference(context as ReferenceContext<Attrs>),
    cost: (context) => spec.cost(context as CostContext<Attrs>),
  };
  return Object.freeze(op);
}
