import type { Dependencies } from "./dependencies.ts";
import { MinHeap } from "./minHeap.ts";

/** Nodes of one device that run as one program, in the graph's order. */
export interface Group {
  readonly device: number;
  readonly nodes: readonly number[];
}

/** Longest chain of changes of device from each node to the end: what a heuristic must not delay. */
function changesAhead(devices: readonly number[], { after }: Dependencies): readonly number[] {
  const ahead = devices.map(() => 0);
  for (let node = devices.length - 1; node >= 0; node--) {
    for (const next of after[node] ?? []) {
      const changes = (ahead[next] as number) + (devices[next] === devices[node] ? 0 : 1);
      if (changes > (ahead[node] as number)) ahead[node] = changes;
    }
  }
  return ahead;
}

/** Weights that must be brought to a node's device before it runs, by name; none for most nodes. */
export type BroughtTo = (node: number) => readonly string[];

const nothing: BroughtTo = () => [];

/** Splits that begin with `start`, each taking all of its device that can run by then; `undefined` when there are more than `limit`. */
function groupFrom(
  start: number,
  devices: readonly number[],
  deviceCount: number,
  graph: Dependencies,
  ahead: readonly number[],
  broughtTo: BroughtTo,
  limit: number,
): readonly Group[] | undefined {
  const waiting = graph.before.map((list) => list.length);
  const ready = Array.from({ length: deviceCount }, () => new MinHeap());
  // Nodes that can run once a weight was brought: each begins a split, so that the weight can take a place that earlier splits left.
  const openers = Array.from({ length: deviceCount }, () => new MinHeap());
  const brought = new Set<string>();
  const urgency = Array.from({ length: deviceCount }, () => 0);
  let left = 0;
  const opens = (node: number) => broughtTo(node).some((weight) => !brought.has(weight));
  const offer = (node: number) => {
    const device = devices[node] as number;
    (opens(node) ? openers : ready)[device]?.push(node);
    urgency[device] = Math.max(urgency[device] as number, ahead[node] as number);
  };
  for (let node = 0; node < devices.length; node++) {
    if ((devices[node] as number) < 0) continue;
    left++;
    if (waiting[node] === 0) offer(node);
  }
  const groups: Group[] = [];
  let device = start;
  while (left > 0) {
    if (groups.length >= limit) return undefined;
    const nodes: number[] = [];
    const next = (): number | undefined => {
      const [plain, opener] = [ready[device]?.peek(), openers[device]?.peek()];
      if (opener === undefined) return ready[device]?.pop();
      const free = nodes.length === 0 || !opens(opener);
      return free && (plain === undefined || opener < plain) ? openers[device]?.pop() : ready[device]?.pop();
    };
    for (let node = next(); node !== undefined; node = next()) {
      nodes.push(node);
      for (const weight of broughtTo(node)) brought.add(weight);
      for (const later of graph.after[node] ?? []) {
        waiting[later] = (waiting[later] as number) - 1;
        if (waiting[later] === 0) offer(later);
      }
    }
    const opener = openers[device]?.peek();
    urgency[device] = opener === undefined ? 0 : (ahead[opener] as number);
    left -= nodes.length;
    if (nodes.length > 0) groups.push({ device, nodes });
    device = mostUrgent(
      ready.map((heap, each) => earlier(heap.peek(), openers[each]?.peek())),
      urgency,
    );
  }
  return groups;
}

const earlier = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || (b !== undefined && b < a) ? b : a;

/** @param heads the first node that can run on each device */
function mostUrgent(heads: readonly (number | undefined)[], urgency: readonly number[]): number {
  let best = -1;
  for (const [device, first] of heads.entries()) {
    if (first === undefined) continue;
    const leader = best < 0 ? undefined : heads[best];
    const more = best < 0 ? 1 : (urgency[device] as number) - (urgency[best] as number);
    if (more > 0 || (more === 0 && first < (leader as number))) best = device;
  }
  return best;
}

/**
 * Groups nodes into as few splits as their devices and dependencies allow, in an order in which each split only needs earlier ones.
 * Taking all that can run before changing device never costs a split, so with two devices only the first device is open, and both are
 * tried. With more devices the next one is the one with the longest chain of changes ahead, which isn't always least.
 *
 * A node that weights are brought to begins a split, unless an earlier split got them: the copy is then awaited there and not before.
 *
 * @param devices device of each node; -1 for nodes without a kernel
 */
export function groupSplits(
  devices: readonly number[],
  deviceCount: number,
  graph: Dependencies,
  broughtTo: BroughtTo = nothing,
): readonly Group[] {
  const ahead = changesAhead(devices, graph);
  const starts = [
    ...new Set(devices.filter((device, node) => device >= 0 && graph.before[node]?.length === 0)),
  ];
  let best: readonly Group[] | undefined;
  for (const start of starts) {
    const groups = groupFrom(
      start,
      devices,
      deviceCount,
      graph,
      ahead,
      broughtTo,
      (best?.length ?? Number.POSITIVE_INFINITY) - 1,
    );
    if (groups !== undefined) best = groups;
  }
  return best ?? [];
}
