import type { Axes } from "../axis/axis.ts";
import type { DType } from "../dtype/index.ts";
import type { GraphBuilder } from "./builder.ts";
import type { ValueId } from "./graph.ts";

/**
 * A handle to a value of a graph under construction. `A` lists its axes, slowest first; `D` is its element type. Both are checked by
 * the compiler where model code uses them and again, with sizes, when the node is added.
 */
export interface Tensor<A extends Axes = Axes, D extends DType = DType> {
  readonly id: ValueId;
  readonly axes: A;
  readonly dtype: D;
  readonly builder: GraphBuilder;
}
