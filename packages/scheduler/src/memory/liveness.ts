import { type Bindings, evaluateSize, type ValueId } from "@tensorplan/ir";
import type { GraphView } from "../graph/graphView.ts";
import { firstWhere } from "../splits/firstWhere.ts";
import type { Schedule, ScheduledSplit } from "../splits/schedule.ts";
import { type Stream, streamBuffer } from "../splits/streams.ts";
import { valueBytes } from "../splits/transfers.ts";
import type { Piece } from "./bestFit.ts";

/** What one device's arena holds in one variant, by position in the device's order of nodes. */
export interface DevicePieces {
  /** Values and copies of values, by the id of the value. */
  readonly values: readonly Piece[];
  /** Work areas of kernels, by the id of the node. */
  readonly workspaces: readonly Piece[];
}

export interface LivenessInput {
  readonly view: GraphView;
  readonly schedule: Schedule;
  /** Device of each node; -1 without a kernel. */
  readonly devices: readonly number[];
  readonly deviceCount: number;
  /** Symbols at the variant's largest. */
  readonly max: Bindings;
  /** Bytes of a node's work area. */
  workspace(node: number): number;
  /** Bytes of a streamed weight. */
  streamed(stream: Stream): number;
}

/** A value that is read at the end of the step, or whose last reader can't be told. */
const FOREVER = Number.MAX_SAFE_INTEGER;

interface Life {
  first: number;
  last: number;
  /** Of a streamed weight; values know theirs. */
  readonly bytes?: number;
}

/**
 * How long each piece of a device's arena is needed. Devices work at the same time, so what a copy reads lives until a split of the same
 * device that certainly runs after the copy, and what it writes lives from the first split that isn't certainly done before. A streamed
 * weight lives from the split beside which it is fetched to its last reader.
 */
export function liveness(input: LivenessInput): readonly DevicePieces[] {
  const { view, schedule, devices, deviceCount, max } = input;
  const position = view.nodes.map(() => -1);
  const starts: number[][] = Array.from({ length: deviceCount }, () => []);
  const queues: ScheduledSplit[][] = Array.from({ length: deviceCount }, () => []);
  const ends = Array.from({ length: deviceCount }, () => 0);
  for (const split of schedule.splits) {
    // The start of a split is a position of its own: copies come and go between splits.
    starts[split.device]?.push(ends[split.device] as number);
    ends[split.device] = (ends[split.device] as number) + 1;
    queues[split.device]?.push(split);
    for (const node of split.nodes) {
      position[node] = ends[split.device] as number;
      ends[split.device] = (ends[split.device] as number) + 1;
    }
  }

  const lives = Array.from({ length: deviceCount }, () => new Map<string, Life>());
  const reads = (device: number, root: string, at: number) => {
    const life = lives[device]?.get(root);
    if (life !== undefined) life.last = Math.max(life.last, at);
  };

  for (const { index, outputs } of view.nodes) {
    const at = position[index] as number;
    if (at < 0) continue;
    for (const { value } of outputs) {
      if (value.root === value) lives[devices[index] as number]?.set(value.id, { first: at, last: at });
    }
  }
  for (const { move, after, before } of schedule.moves) {
    const source = schedule.splits[after] as ScheduledSplit;
    const target = schedule.splits[before[0] as number] as ScheduledSplit;
    // On the target nothing that is done before the source starts can meet the copy.
    const safe = source.known[move.to] as number;
    lives[move.to]?.set(move.value.id, { first: starts[move.to]?.[safe + 1] ?? 0, last: 0 });
    const later = firstWhere(
      queues[move.from] ?? [],
      ({ known }) => (known[move.to] as number) >= target.queue,
    );
    reads(
      move.from,
      move.value.id,
      later === undefined ? FOREVER : (starts[move.from]?.[later.queue] ?? FOREVER),
    );
  }
  for (const { stream, beside } of schedule.streams) {
    const { to, weight, layout, consumers } = stream;
    const id = streamBuffer(weight.id, layout);
    // All that a device's earlier splits use is free once they are done, and the copy waits for them.
    const first = starts[to]?.[(schedule.splits[beside] as ScheduledSplit).queue] as number;
    lives[to]?.set(id, { first, last: first, bytes: input.streamed(stream) });
    for (const node of consumers) reads(to, id, position[node] as number);
  }
  for (const { index, operands } of view.nodes) {
    const at = position[index] as number;
    if (at < 0) continue;
    for (const { value } of operands) reads(devices[index] as number, value.root.id, at);
  }
  for (const { value: id } of view.graph.outputs) {
    const value = view.values.get(id);
    if (value !== undefined && value.producer >= 0)
      reads(devices[value.producer] as number, value.root.id, FOREVER);
  }

  return lives.map((of, device): DevicePieces => {
    const values = [...of.entries()].map(([id, life]): Piece => {
      const value = view.values.get(id as ValueId);
      return { id, bytes: value === undefined ? 0 : evaluateSize(valueBytes(value), max), ...life };
    });
    const workspaces = view.nodes.flatMap(({ index, node }): Piece[] => {
      const at = position[index] as number;
      const bytes = at >= 0 && devices[index] === device ? input.workspace(index) : 0;
      return bytes > 0 ? [{ id: node.id, bytes, first: at, last: at }] : [];
    });
    return { values, workspaces };
  });
}
