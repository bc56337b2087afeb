import type { Graph, GraphNode, NodeId } from "../graph/graph.ts";
import type { OpSet } from "../op/registry.ts";
import type { Pass } from "./pass.ts";

/** What one pass did: node ids, in the graph's order. */
export interface PassRecord {
  readonly pass: string;
  readonly removed: readonly NodeId[];
  readonly added: readonly NodeId[];
  /** Nodes that kept their path but do something else or read other operands. */
  readonly changed: readonly NodeId[];
}

const byId = (graph: Graph): ReadonlyMap<NodeId, GraphNode> =>
  new Map(graph.nodes.map((node) => [node.id, node]));

function compareGraphs(pass: string, before: Graph, after: Graph): PassRecord {
  const [old, now] = [byId(before), byId(after)];
  return {
    pass,
    removed: before.nodes.filter(({ id }) => !now.has(id)).map(({ id }) => id),
    added: after.nodes.filter(({ id }) => !old.has(id)).map(({ id }) => id),
    changed: after.nodes.filter((node) => old.has(node.id) && old.get(node.id) !== node).map(({ id }) => id),
  };
}

export interface PassOptions {
  /** Called after each pass that changed something, with what it changed and its result. */
  readonly trace?: (record: PassRecord, graph: Graph) => void;
}

/** Runs passes in order. Passes that change nothing leave no record. */
export function runPasses(
  graph: Graph,
  ops: OpSet,
  passes: readonly Pass[],
  { trace }: PassOptions = {},
): { readonly graph: Graph; readonly records: readonly PassRecord[] } {
  const records: PassRecord[] = [];
  let current = graph;
  for (const pass of passes) {
    const next = pass.run(current, ops);
    if (next === current) continue;
    const record = compareGraphs(pass.name, current, next);
    records.push(record);
    trace?.(record, next);
    current = next;
  }
  return { graph: current, records };
}
