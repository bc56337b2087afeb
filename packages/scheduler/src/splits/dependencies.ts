import type { GraphView } from "../graph/graphView.ts";

/** Edges between nodes with kernels; lists are ascending, so that an earlier node always has the lower number. */
export interface Dependencies {
  /** Nodes that must be done before each node. */
  readonly before: readonly (readonly number[])[];
  readonly after: readonly (readonly number[])[];
}

const ascending = (numbers: Iterable<number>): readonly number[] =>
  [...new Set(numbers)].sort((a, b) => a - b);

/**
 * Who must wait for whom: for operands, views looked through, and where a node changes a state, for all nodes that read the version
 * which it overwrites.
 */
export function dependencies(view: GraphView): Dependencies {
  const before: number[][] = view.nodes.map(() => []);
  const after: number[][] = view.nodes.map(() => []);
  const add = (first: number, second: number) => {
    if (first < 0 || first === second) return;
    before[second]?.push(first);
    after[first]?.push(second);
  };
  // Nodes that read a state since it was last changed.
  const readers = new Map<string, number[]>();
  for (const { index, view: isView, operands, outputs } of view.nodes) {
    if (isView) continue;
    for (const { value } of operands) add(value.producer, index);
    for (const { value } of outputs) {
      if (value.root.kind !== "state") continue;
      for (const reader of readers.get(value.root.id) ?? []) add(reader, index);
      readers.set(value.root.id, []);
    }
    for (const { value } of operands) {
      if (value.root.kind !== "state") continue;
      const list = readers.get(value.root.id);
      if (list === undefined) readers.set(value.root.id, [index]);
      else list.push(index);
    }
  }
  return { before: before.map(ascending), after: after.map(ascending) };
}
