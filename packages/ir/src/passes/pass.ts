import type { Graph } from "../graph/graph.ts";
import type { OpSet } from "../op/registry.ts";

/** A pure rewrite. It returns the same object when it changes nothing. */
export interface Pass {
  /** kebab-case; what `--trace-passes` prints. */
  readonly name: string;
  readonly doc: string;
  run(graph: Graph, ops: OpSet): Graph;
}
