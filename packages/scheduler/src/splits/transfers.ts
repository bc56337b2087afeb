import { dtypes, multiplySizes, type Size, size, TensorplanError } from "@tensorplan/ir";
import type { GraphView, Value } from "../graph/graphView.ts";

/** A value that is copied to another device, once, for all that read it there. */
export interface Move {
  readonly value: Value;
  readonly from: number;
  readonly to: number;
  readonly producer: number;
  /** Nodes on the device `to` that read it, ascending. */
  readonly consumers: readonly number[];
}

/** Bytes of a value made by a node, symbolic. */
export function valueBytes({ id, dtype, shape }: Value): Size {
  const { blockSize, blockBytes } = dtypes[dtype];
  if (blockSize !== 1) {
    throw new TensorplanError({
      code: "graph/block-value",
      message: `'${id}' is ${dtype}, a type that only weights and caches have`,
      hint: "let nodes produce f32 or i32",
    });
  }
  return multiplySizes(size(blockBytes), ...shape);
}

/** Every value that is read on another device than the one that makes it, in the order of making. */
export function findMoves(view: GraphView, devices: readonly number[]): readonly Move[] {
  const moves = new Map<string, Move & { readonly consumers: number[] }>();
  for (const { index, view: isView, operands } of view.nodes) {
    if (isView) continue;
    const to = devices[index] as number;
    for (const { value } of operands) {
      const { root, producer } = value;
      if (root.kind !== "node") continue;
      const from = devices[producer] as number;
      if (from === to) continue;
      const key = `${root.id}>${to}`;
      const move = moves.get(key);
      if (move === undefined) moves.set(key, { value: root, from, to, producer, consumers: [index] });
      else if (move.consumers.at(-1) !== index) move.consumers.push(index);
    }
  }
  return [...moves.values()].sort(
    (a, b) =>
      a.producer - b.producer || (a.value.id < b.value.id ? -1 : a.value.id > b.value.id ? 1 : a.to - b.to),
  );
}
