import type { Plan, PlanNode, PlanVariant } from "../plan/plan.ts";
import { streamBuffer } from "../splits/streams.ts";

/** The one variant of a plan without thresholds. */
export const only = ({ variants }: Plan): PlanVariant => variants[0] as PlanVariant;

/** Values that a node reads and writes, views and later versions taken back to what they share storage with. */
export function storage(made: Plan) {
  const roots = new Map<string, string>();
  const nodes = only(made).nodes.map(({ node }) => made.nodes[node] as PlanNode);
  const outputsOf = ({ id, outputs }: PlanNode) =>
    Object.keys(outputs).map((name) => (name === "out" ? id : `${id}:${name}`));
  for (const node of nodes) {
    const [alias] = Object.values(node.aliases ?? {});
    const base = alias === undefined ? undefined : node.inputs[alias];
    for (const value of outputsOf(node))
      roots.set(value, base === undefined ? value : (roots.get(base) ?? base));
  }
  const root = (value: string) => roots.get(value) ?? value;
  return {
    nodes,
    reads: (node: PlanNode) => [...new Set(Object.values(node.inputs).map(root))],
    writes: (node: PlanNode) => outputsOf(node).map(root),
    root,
  };
}

interface Cell {
  readonly from: number;
  readonly to: number;
  readonly value: string;
}

/** The arenas of all devices: for each range of bytes the value that was written there last. */
function arenas(variant: PlanVariant) {
  const memory = new Map<string, readonly Cell[]>(variant.memory.map(({ device }) => [device, []]));
  const cells = (device: string) => memory.get(device) ?? [];
  const place = (device: string, value: string) =>
    variant.memory.find((each) => each.device === device)?.buffers.find(({ id }) => id === value);
  return {
    place,
    write: (device: string, from: number, bytes: number, value: string) => {
      const kept = cells(device).filter((cell) => cell.to <= from || cell.from >= from + bytes);
      memory.set(device, [...kept, { from, to: from + bytes, value }]);
    },
    holds: (device: string, value: string) =>
      cells(device).some((cell) => cell.value === value && cell.from === place(device, value)?.offset),
  };
}

/**
 * Runs a plan's tasks in an order that `choose` makes up, within what the plan promises: each device in its own order, waits respected.
 *
 * @param choose a number below `n`
 * @returns what went wrong: values that weren't in memory where they were needed, tasks that never could run
 */
export function simulate(made: Plan, choose: (n: number) => number): readonly string[] {
  const problems: string[] = [];
  const variant = only(made);
  const { nodes, reads, writes, root } = storage(made);
  const { place, write, holds } = arenas(variant);
  const done = new Set<string>();
  const queues = new Map<string, string[]>();
  for (const split of variant.splits)
    queues.set(split.device, [...(queues.get(split.device) ?? []), split.id]);

  const ready = (): readonly string[] => [
    ...[...queues.values()].flatMap(([head]) => {
      const split = variant.splits.find(({ id }) => id === head);
      return split?.waits.every((wait) => done.has(wait)) === true ? [split.id] : [];
    }),
    ...variant.transfers
      .filter(({ id, after }) => !done.has(id) && (after === null || done.has(after)))
      .map(({ id }) => id),
  ];
  const copy = (transfer: PlanVariant["transfers"][number]) => {
    const { kind, value, layout = "rows", from, to, bytes, fromOffset, toOffset } = transfer;
    if (kind === "stream") {
      const weight = made.weights.find((each) => each.weight === value);
      const home = weight?.copies.find((each) => each.device === from && each.layout === layout);
      if (home?.offset !== fromOffset || home.bytes !== bytes)
        problems.push(`the stream of ${value} reads another place`);
      const buffer = place(to, streamBuffer(value, layout));
      if (buffer?.offset !== toOffset || buffer.bytes !== bytes)
        problems.push(`the stream of ${value} writes another place`);
      write(to, toOffset, bytes, streamBuffer(value, layout));
      return;
    }
    if (place(from, value)?.offset !== fromOffset) problems.push(`the copy of ${value} reads another place`);
    if (!holds(from, value)) problems.push(`${value} isn't on ${from} when it is copied`);
    write(to, toOffset, bytes, value);
  };
  const runNode = (position: number, device: string) => {
    const node = nodes[position] as PlanNode;
    const { layouts = {} } = variant.nodes[position] as PlanVariant["nodes"][number];
    const arena = variant.memory.find((each) => each.device === device);
    const work = arena?.workspaces.find(({ id }) => id === node.id);
    if (work !== undefined) write(device, work.offset, work.bytes, "work area");
    for (const value of writes(node)) {
      const at = place(device, value);
      if (at !== undefined) write(device, at.offset, at.bytes, value);
    }
    // After the writes: a kernel may write before it has read everything.
    for (const [operand, value] of Object.entries(node.inputs)) {
      const streamed = streamBuffer(root(value), layouts[operand] ?? "rows");
      if (place(device, streamed) !== undefined && !holds(device, streamed))
        problems.push(`${node.id} doesn't find ${streamed}`);
    }
    for (const value of reads(node)) {
      if (place(device, value) !== undefined && !holds(device, value))
        problems.push(`${node.id} doesn't find ${value}`);
    }
  };

  for (let tasks = ready(); tasks.length > 0; tasks = ready()) {
    const task = tasks[choose(tasks.length)] as string;
    done.add(task);
    const transfer = variant.transfers.find(({ id }) => id === task);
    if (transfer !== undefined) copy(transfer);
    const split = variant.splits.find(({ id }) => id === task);
    if (split === undefined) continue;
    queues.get(split.device)?.shift();
    for (const position of split.nodes) runNode(position, split.device);
  }
  if (done.size !== variant.splits.length + variant.transfers.length)
    problems.push("some tasks can never run");
  for (const { value, device, region } of variant.outputs) {
    if (region === "arena" && !holds(device, root(value))) problems.push(`the output ${value} is gone`);
  }
  return problems;
}
