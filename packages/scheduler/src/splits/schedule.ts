import { firstWhere } from "./firstWhere.ts";
import type { Group } from "./groupSplits.ts";
import type { Stream } from "./streams.ts";
import type { Move } from "./transfers.ts";

/** One split in its device's queue. */
export interface ScheduledSplit extends Group {
  /** Position among the splits of its device. */
  readonly queue: number;
  /** Moves that must be done before it starts, as indexes. */
  readonly needs: readonly number[];
  /** Streams likewise. */
  readonly streams: readonly number[];
  /** For each device the last position in its queue that is done before this split can start; -1 for none. The own device included. */
  readonly known: readonly number[];
}

interface ScheduledMove {
  readonly move: Move;
  /** The split that makes the value. */
  readonly after: number;
  /** Splits that need it; the first one is `before[0]`. */
  readonly before: readonly number[];
}

interface ScheduledStream {
  readonly stream: Stream;
  /** The split beside which it may run: the one before the first that needs it, or that one itself if it is its device's first. */
  readonly beside: number;
  /** The split that must be done before, since it may use the same bytes: the one before `beside`; `undefined` if there is none. */
  readonly after: number | undefined;
  /** Splits that need it; the first one is `before[0]`. */
  readonly before: readonly number[];
}

/** A task of a step: splits, moves and streams in one order that satisfies all dependencies. */
type Task =
  | { readonly kind: "run"; readonly split: number }
  | { readonly kind: "copy"; readonly move: number }
  | { readonly kind: "stream"; readonly stream: number };

export interface Schedule {
  readonly splits: readonly ScheduledSplit[];
  readonly moves: readonly ScheduledMove[];
  readonly streams: readonly ScheduledStream[];
  readonly order: readonly Task[];
}

/**
 * A weight is fetched while the split before its first reader runs, no earlier: two readers in a row take turns with two buffers.
 *
 * @param before splits that need it, ascending
 */
function scheduleStream(
  stream: Stream,
  before: readonly number[],
  groups: readonly Group[],
): ScheduledStream {
  const queue = groups.flatMap(({ device }, split) => (device === stream.to ? [split] : []));
  const at = queue.indexOf(before[0] as number);
  const beside = Math.max(0, at - 1);
  return { stream, beside: queue[beside] as number, after: queue[beside - 1], before };
}

/** Works out what each split waits for, what is known to be done by then, and one order for all tasks. */
export function schedule(
  groups: readonly Group[],
  moves: readonly Move[],
  deviceCount: number,
  streams: readonly Stream[] = [],
): Schedule {
  const splitOf = new Map<number, number>();
  groups.forEach(({ nodes }, split) => {
    for (const node of nodes) splitOf.set(node, split);
  });
  const splitsOf = (nodes: readonly number[]) =>
    [...new Set(nodes.map((node) => splitOf.get(node) as number))].sort((a, b) => a - b);
  const scheduledMoves = moves.map(
    (move): ScheduledMove => ({
      move,
      after: splitOf.get(move.producer) as number,
      before: splitsOf(move.consumers),
    }),
  );
  const scheduledStreams = streams.map((stream) =>
    scheduleStream(stream, splitsOf(stream.consumers), groups),
  );
  const needs: number[][] = groups.map(() => []);
  scheduledMoves.forEach(({ before }, index) => {
    for (const split of before) needs[split]?.push(index);
  });
  const streamNeeds: number[][] = groups.map(() => []);
  scheduledStreams.forEach(({ before }, index) => {
    for (const split of before) streamNeeds[split]?.push(index);
  });

  const queues = Array.from({ length: deviceCount }, () => 0);
  const lastOf: (number | undefined)[] = Array.from({ length: deviceCount });
  const splits: ScheduledSplit[] = [];
  groups.forEach((group, split) => {
    const known = Array.from({ length: deviceCount }, () => -1);
    const learn = (earlier: ScheduledSplit | undefined) => {
      if (earlier === undefined) return;
      earlier.known.forEach((position, device) => {
        known[device] = Math.max(known[device] as number, position);
      });
      known[earlier.device] = Math.max(known[earlier.device] as number, earlier.queue);
    };
    const previous = lastOf[group.device];
    learn(previous === undefined ? undefined : splits[previous]);
    for (const move of needs[split] ?? []) learn(splits[(scheduledMoves[move] as ScheduledMove).after]);
    const queue = queues[group.device] as number;
    queues[group.device] = queue + 1;
    lastOf[group.device] = split;
    splits.push({ ...group, queue, needs: needs[split] ?? [], streams: streamNeeds[split] ?? [], known });
  });
  const order = orderTasks(splits, scheduledMoves, scheduledStreams);
  return { splits, moves: scheduledMoves, streams: scheduledStreams, order };
}

/**
 * A copy stands before the first split of its target that waits for its source anyway: earlier it would hold the target's queue up,
 * later it would come behind work that doesn't need to be done first. A stream stands before the split beside which it runs.
 */
function orderTasks(
  splits: readonly ScheduledSplit[],
  moves: readonly ScheduledMove[],
  streams: readonly ScheduledStream[],
): readonly Task[] {
  const streamsBefore: number[][] = splits.map(() => []);
  streams.forEach(({ beside }, index) => {
    streamsBefore[beside]?.push(index);
  });
  const copiesBefore: number[][] = splits.map(() => []);
  const queues = new Map<number, number[]>();
  splits.forEach(({ device }, split) => {
    const queue = queues.get(device);
    if (queue === undefined) queues.set(device, [split]);
    else queue.push(split);
  });
  moves.forEach(({ move, after }, index) => {
    const source = splits[after] as ScheduledSplit;
    // What a split knows, those behind it in its queue know too.
    const at = firstWhere(
      queues.get(move.to) ?? [],
      (split) =>
        split > after && ((splits[split] as ScheduledSplit).known[source.device] as number) >= source.queue,
    );
    if (at !== undefined) copiesBefore[at]?.push(index);
  });
  return splits.flatMap((_, split): Task[] => [
    ...(streamsBefore[split] ?? []).map((stream): Task => ({ kind: "stream", stream })),
    ...(copiesBefore[split] ?? []).map((move): Task => ({ kind: "copy", move })),
    { kind: "run", split },
  ]);
}
