import type { DeviceProfile, KernelRow } from "@tensorplan/backend-api";
import type { Bindings } from "@tensorplan/ir";
import type { Value } from "../graph/graphView.ts";
import { bestFit, lowerBound, type Piece, type Placed } from "../memory/bestFit.ts";
import { liveness } from "../memory/liveness.ts";
import type { Residence } from "../residence/residence.ts";
import type { RuleBook } from "../rules/ruleBook.ts";
import type { Facts } from "../rules/selector.ts";
import { dependencies } from "../splits/dependencies.ts";
import { groupSplits } from "../splits/groupSplits.ts";
import { type Schedule, schedule } from "../splits/schedule.ts";
import { findStreams, streamKey } from "../splits/streams.ts";
import { findMoves } from "../splits/transfers.ts";
import { shapesOf } from "../verdicts/verdicts.ts";
import { workspaceBytes } from "../verdicts/workspace.ts";
import type { PlanArena, PlanBuffer, PlanSplit, PlanTransfer } from "./plan.ts";
import { moveId, planTransfers, splitId, streamId } from "./planTransfers.ts";
import type { VariantTable } from "./variantTable.ts";

/** Splits, transfers and arenas of one variant. */
export interface VariantLayout {
  readonly splits: readonly PlanSplit[];
  readonly transfers: readonly PlanTransfer[];
  readonly order: readonly string[];
  readonly memory: readonly PlanArena[];
  /** Offset of a value in a device's arena. */
  offsetOf(value: Value, device: number): number | undefined;
}

const forever = (last: number): number | null => (last === Number.MAX_SAFE_INTEGER ? null : last);

const buffer = ({ id, offset, bytes, first, last }: Placed): PlanBuffer => ({
  id,
  offset,
  bytes,
  first,
  last: forever(last),
});

const byPlace = (a: PlanBuffer, b: PlanBuffer) =>
  a.first - b.first || a.offset - b.offset || (a.id < b.id ? -1 : 1);

/** Values and work areas share the arena; a prefix keeps a node's work area apart from its value. */
const WORK = "work ";

function layOutArenas(
  table: VariantTable,
  plan: Schedule,
  devices: readonly DeviceProfile[],
  placedOn: readonly number[],
  max: Bindings,
  residence: Residence,
): readonly PlanArena[] {
  const workspace = (node: number): number => {
    const info = table.view.nodes[node];
    const row = table.kernels[node];
    if (info === undefined || row === undefined) return 0;
    return workspaceBytes(
      row,
      shapesOf(info),
      max,
      (devices[placedOn[node] as number] as DeviceProfile).threads,
    );
  };
  const pieces = liveness({
    view: table.view,
    schedule: plan,
    devices: placedOn,
    deviceCount: devices.length,
    max,
    workspace,
    streamed: ({ weight, from, layout }) =>
      residence.copyOf(weight.id, (devices[from] as DeviceProfile).id, layout).bytes,
  });
  return pieces.map(({ values, workspaces }, device): PlanArena => {
    const all: Piece[] = [...values, ...workspaces.map((piece) => ({ ...piece, id: WORK + piece.id }))];
    const { placed, bytes } = bestFit(all);
    const isWork = ({ id }: Placed) => id.startsWith(WORK);
    return {
      device: (devices[device] as DeviceProfile).id,
      bytes,
      lowerBound: lowerBound(all),
      buffers: placed
        .filter((piece) => !isWork(piece))
        .map(buffer)
        .sort(byPlace),
      workspaces: placed
        .filter(isWork)
        .map((piece) => buffer({ ...piece, id: piece.id.slice(WORK.length) }))
        .sort(byPlace),
    };
  });
}

export interface LayOutInput {
  readonly table: VariantTable;
  readonly devices: readonly DeviceProfile[];
  readonly book: RuleBook;
  readonly residence: Residence;
  /** By node of the table's graph. */
  readonly facts: readonly Facts[];
  readonly max: Bindings;
}

/** Groups the nodes into splits, finds the copies between them and gives everything its place. */
export function layOutVariant({ table, devices, book, residence, facts, max }: LayOutInput): VariantLayout {
  const { view, placements } = table;
  const placedOn = placements.map((placement) => placement?.device ?? -1);
  const streams = findStreams(table.streams, placedOn, residence.homes);
  const groups = groupSplits(placedOn, devices.length, dependencies(view), (node) =>
    (table.streams[node] ?? []).map((each) => streamKey(each, placedOn[node] as number)),
  );
  const plan = schedule(groups, findMoves(view, placedOn), devices.length, streams);
  const memory = layOutArenas(table, plan, devices, placedOn, max, residence);

  const offsets = memory.map(({ buffers }) => new Map(buffers.map(({ id, offset }) => [id, offset])));
  const offsetOf = (value: Value, device: number) => offsets[device]?.get(value.root.id);
  const splits = plan.splits.map(
    (split, index): PlanSplit => ({
      id: splitId(index),
      device: (devices[split.device] as DeviceProfile).id,
      nodes: split.nodes,
      waits: [...split.needs.map(moveId), ...split.streams.map((stream) => streamId(stream, plan))],
    }),
  );
  const transfers = planTransfers({ table, schedule: plan, devices, book, residence, facts, max, memory });
  const order = plan.order.map((task) =>
    task.kind === "run"
      ? splitId(task.split)
      : task.kind === "copy"
        ? moveId(task.move)
        : streamId(task.stream, plan),
  );
  return { splits, transfers, order, memory, offsetOf };
}

/** Layouts other than rows in which a kernel reads a node's weights, by operand. */
export const readLayouts = (row: KernelRow | undefined): Readonly<Record<string, string>> => {
  const layouts: Record<string, string> = {};
  for (const [operand, { layout }] of Object.entries(row?.operands ?? {})) {
    if (layout !== undefined && layout !== "rows") layouts[operand] = layout;
  }
  return layouts;
};
