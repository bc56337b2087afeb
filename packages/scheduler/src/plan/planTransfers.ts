import type { DeviceProfile } from "@tensorplan/backend-api";
import { type Bindings, evaluateSize, printSize, size } from "@tensorplan/ir";
import type { Placement } from "../assign/assign.ts";
import type { Residence } from "../residence/residence.ts";
import { askRules, type RuleBook } from "../rules/ruleBook.ts";
import type { Facts } from "../rules/selector.ts";
import type { Schedule } from "../splits/schedule.ts";
import { streamBuffer } from "../splits/streams.ts";
import { valueBytes } from "../splits/transfers.ts";
import type { PlanArena, PlanTransfer } from "./plan.ts";
import type { VariantTable } from "./variantTable.ts";

export const splitId = (index: number): string => `s${index}`;
export const moveId = (index: number): string => `t${index}`;
/** Streams are numbered behind the copies of activations. */
export const streamId = (index: number, { moves }: Pick<Schedule, "moves">): string =>
  moveId(moves.length + index);

export interface TransferInput {
  readonly table: VariantTable;
  readonly schedule: Schedule;
  readonly devices: readonly DeviceProfile[];
  readonly book: RuleBook;
  readonly residence: Residence;
  /** By node of the table's graph. */
  readonly facts: readonly Facts[];
  readonly max: Bindings;
  readonly memory: readonly PlanArena[];
}

/** All copies of a step between devices: activations in the order of making, then streamed weights by their first readers. */
export function planTransfers(input: TransferInput): readonly PlanTransfer[] {
  const { table, schedule, devices, book, residence, facts, max, memory } = input;
  const { view, placements, box } = table;
  const offsets = memory.map(({ buffers }) => new Map(buffers.map(({ id, offset }) => [id, offset])));
  const offsetOf = (buffer: string, device: number) => offsets[device]?.get(buffer) ?? 0;
  const idOf = (index: number) => (devices[index] as DeviceProfile).id;
  const readers = (nodes: readonly number[]) => ({
    consumers: nodes.map((node): string => view.nodes[node]?.node.id ?? ""),
    because: (placements[nodes[0] as number] as Placement).decision.rule,
  });

  const activations = schedule.moves.map(({ move, after, before }, index): PlanTransfer => {
    const bytes = valueBytes(move.value);
    const allowed = askRules(
      book.family.transfer,
      facts[move.consumers[0] as number] as Facts,
      box,
      () => ({ kind: "decide", value: true }),
      () => {
        throw new Error("a transfer rule is never refused");
      },
    );
    return {
      id: moveId(index),
      kind: "activation",
      value: move.value.id,
      from: idOf(move.from),
      to: idOf(move.to),
      after: splitId(after),
      before: before.map(splitId),
      formula: printSize(bytes),
      bytes: evaluateSize(bytes, max),
      fromRegion: "arena",
      fromOffset: offsetOf(move.value.id, move.from),
      toRegion: "arena",
      toOffset: offsetOf(move.value.id, move.to),
      ...readers(move.consumers),
      rule: "decision" in allowed ? allowed.decision.rule : "",
    };
  });
  const streams = schedule.streams.map(({ stream, after, before }, index): PlanTransfer => {
    const { weight, layout, from, to, rule } = stream;
    const home = residence.copyOf(weight.id, idOf(from), layout);
    return {
      id: streamId(index, schedule),
      kind: "stream",
      value: weight.id,
      from: idOf(from),
      to: idOf(to),
      after: after === undefined ? null : splitId(after),
      before: before.map(splitId),
      formula: printSize(size(home.bytes)),
      bytes: home.bytes,
      fromRegion: "weights",
      fromOffset: home.offset,
      toRegion: "arena",
      toOffset: offsetOf(streamBuffer(weight.id, layout), to),
      layout,
      ...readers(stream.consumers),
      rule,
    };
  });
  return [...activations, ...streams];
}
