import type { GgmlGraph } from "../graph/ggmlGraph.ts";
import { type GgmlTensor, isView } from "../graph/tensor.ts";
import type { Devices } from "./devices.ts";

/** Nodes that one device computes in one go. */
export interface GgmlSplit {
  readonly backend: number;
  /** Indexes into the graph's nodes: from `start` to before `end`, views among them. */
  readonly start: number;
  readonly end: number;
  /** What is copied to the device before it starts, in this order. */
  readonly inputs: readonly GgmlTensor[];
}

/** Room for inputs that a split starts with; full, it makes the next copy a reason for a new split. */
const INPUT_ROOM = 30;

interface Open {
  readonly backend: number;
  readonly start: number;
  readonly inputs: GgmlTensor[];
  room: number;
}

/**
 * Fifth step: cuts the list of nodes where the device changes, where a weight must be copied and the split has copies already (so that
 * the room of copied weights is used again), and where its list of inputs is full.
 */
export function splitGraph(graph: GgmlGraph, devices: Devices): readonly GgmlSplit[] {
  const splits: GgmlSplit[] = [];
  /** Copies that exist, for each backend; once made a copy serves all later splits of that backend. */
  const copied = devices.backends.map(() => new Set<GgmlTensor>());
  const copiesOf = (backend: number) => copied[backend] as Set<GgmlTensor>;
  const foreign = (source: GgmlTensor, backend: number) =>
    devices.get(source) !== backend && !devices.reads(backend, source);
  const crowded = (node: GgmlTensor, { backend, inputs, room }: Open): boolean =>
    inputs.length > 0 &&
    node.src.some((source) => {
      if (!foreign(source, backend)) return false;
      if (source.buffer?.use === "weights") return true;
      return inputs.length >= room && !copiesOf(backend).has(source);
    });
  let open: Open | undefined;
  for (const [index, node] of graph.nodes.entries()) {
    if (isView(node)) continue;
    const backend = devices.get(node) as number;
    if (open === undefined) open = { backend, start: 0, inputs: [], room: INPUT_ROOM };
    if (backend !== open.backend || crowded(node, open)) {
      splits.push({ backend: open.backend, start: open.start, end: index, inputs: open.inputs });
      open = { backend, start: index, inputs: [], room: INPUT_ROOM };
    }
    for (const source of node.src) {
      if (!foreign(source, backend) || copiesOf(backend).has(source)) continue;
      copiesOf(backend).add(source);
      if (open.inputs.length >= open.room) open.room *= 2;
      open.inputs.push(source);
    }
  }
  if (open !== undefined) {
    const { backend, start, inputs } = open;
    splits.push({ backend, start, end: graph.nodes.length, inputs });
  }
  return splits;
}
