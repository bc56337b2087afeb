import type { DType } from "../dtype/index.ts";
import type { JsonObject } from "../op/op.ts";

declare const idBrand: unique symbol;
/** The author's own path, e.g. `blk.3.attn.q`. */
export type NodeId = string & { readonly [idBrand]: "node" };
/** A node's main output has the node's path; others are `path:name`. Inputs, weights and states have their own names. */
export type ValueId = string & { readonly [idBrand]: "value" };

export const GRAPH_SCHEMA = "tensorplan.graph/1";

/** Element type and axis names, slowest first. */
export interface TensorType {
  readonly dtype: DType;
  readonly axes: readonly string[];
}

export interface ValueDecl extends TensorType {
  readonly id: ValueId;
}

/**
 * Where a weight's bytes come from. `tensor`: a tensor of the file as it is. `head-rows`: of a matrix whose rows are `heads` groups of
 * `groupRows`, the `rows` rows from `firstRow` of each group. `columns`: of every row, the `columns` elements from `firstColumn`, both
 * whole blocks of the tensor's type. `transpose-heads`: each head's matrix transposed, after `head-rows` if
 * `take` is given; block types are requantised to `q8_0`, others keep their type.
 *
 * `storedAs`: the tensor's element type in the file, where its values are converted while they are loaded.
 */
export type WeightSource = { readonly storedAs?: DType } & TensorPart;

type TensorPart =
  | { readonly kind: "tensor"; readonly tensor: string }
  | ({ readonly kind: "head-rows"; readonly tensor: string } & HeadRows)
  | {
      readonly kind: "columns";
      readonly tensor: string;
      readonly firstColumn: number;
      readonly columns: number;
    }
  | {
      readonly kind: "transpose-heads";
      readonly tensor: string;
      readonly heads: number;
      readonly take?: HeadRows;
    };

export interface HeadRows {
  readonly heads: number;
  readonly groupRows: number;
  readonly firstRow: number;
  readonly rows: number;
}

export interface WeightDecl extends ValueDecl {
  readonly source: WeightSource;
}

export interface GraphNode {
  readonly id: NodeId;
  readonly op: string;
  readonly inputs: Readonly<Record<string, ValueId>>;
  readonly attrs: JsonObject;
  readonly outputs: Readonly<Record<string, TensorType>>;
  /** Which rewrite made this node, from which node, e.g. `lowering absorbed of blk.3.attn`; absent for the author's own. */
  readonly origin?: string;
}

/** An immutable, serialisable program in topological order. Plain JSON: `graphToJson` is its canonical text. */
export interface Graph {
  readonly schema: typeof GRAPH_SCHEMA;
  readonly name: string;
  /** Largest value of each symbol. */
  readonly symbols: Readonly<Record<string, number>>;
  /** Size of each axis, printed (`"8*tokens"`). */
  readonly axes: Readonly<Record<string, string>>;
  readonly inputs: readonly ValueDecl[];
  readonly weights: readonly WeightDecl[];
  readonly states: readonly ValueDecl[];
  readonly nodes: readonly GraphNode[];
  readonly outputs: readonly { readonly name: string; readonly value: ValueId }[];
}

export const outputId = (node: NodeId, output: string): ValueId =>
  (output === "out" ? node : `${node}:${output}`) as ValueId;
