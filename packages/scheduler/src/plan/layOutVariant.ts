import type { DeviceProfile, KernelRow } from "@tensorplan/backend-api";
import { type Bindings, evaluateSize, printSize } from "@tensorplan/ir";
import type { Placement } from "../assign/assign.ts";
import type { Value } from "../graph/graphView.ts";
import { bestFit, lowerBound, type Piece, type Placed } from "../memory/bestFit.ts";
import { liveness } from "../memory/liveness.ts";
import { askRules, type RuleBook } from "../rules/ruleBook.ts";
import type { Facts } from "../rules/selector.ts";
import { dependencies } from "../splits/dependencies.ts";
import { groupSplits } from "../splits/groupSplits.ts";
import { type Schedule, schedule } from "../splits/schedule.ts";
import { findMoves, valueBytes } from "../splits/transfers.ts";
import { shapesOf } from "../verdicts/verdicts.ts";
import { workspaceBytes } from "../verdicts/workspace.ts";
import type { PlanArena, PlanBuffer, PlanSplit, PlanTransfer } from "./plan.ts";
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
  /** By node of the table's graph. */
  readonly facts: readonly Facts[];
  readonly max: Bindings;
}

/** Groups the nodes into splits, finds the copies between them and gives everything its place. */
export function layOutVariant({ table, devices, book, facts, max }: LayOutInput): VariantLayout {
  const { view, placements, box } = table;
  const placedOn = placements.map((placement) => placement?.device ?? -1);
  const groups = groupSplits(placedOn, devices.length, dependencies(view));
  const plan = schedule(groups, findMoves(view, placedOn), devices.length);
  const memory = layOutArenas(table, plan, devices, placedOn, max);

  const offsets = memory.map(({ buffers }) => new Map(buffers.map(({ id, offset }) => [id, offset])));
  const offsetOf = (value: Value, device: number) => offsets[device]?.get(value.root.id);
  const device = (index: number) => (devices[index] as DeviceProfile).id;
  const splitId = (index: number) => `s${index}`;
  const moveId = (index: number) => `t${index}`;

  const splits = plan.splits.map(
    (split, index): PlanSplit => ({
      id: splitId(index),
      device: device(split.device),
      nodes: split.nodes,
      waits: split.needs.map(moveId),
    }),
  );
  const transfers = plan.moves.map(({ move, after, before }, index): PlanTransfer => {
    const bytes = valueBytes(move.value);
    const [first] = move.consumers;
    const allowed = askRules(
      book.family.transfer,
      facts[first as number] as Facts,
      box,
      () => ({ kind: "decide", value: true }),
      () => {
        throw new Error("a transfer rule is never refused");
      },
    );
    return {
      id: moveId(index),
      value: move.value.id,
      from: device(move.from),
      to: device(move.to),
      after: splitId(after),
      before: before.map(splitId),
      formula: printSize(bytes),
      bytes: evaluateSize(bytes, max),
      fromOffset: offsetOf(move.value, move.from) ?? 0,
      toOffset: offsetOf(move.value, move.to) ?? 0,
      consumers: move.consumers.map((node) => view.nodes[node]?.node.id ?? ""),
      because: (placements[first as number] as Placement).decision.rule,
      rule: "decision" in allowed ? allowed.decision.rule : "",
    };
  });
  const order = plan.order.map((task) => (task.kind === "run" ? splitId(task.split) : moveId(task.move)));
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
