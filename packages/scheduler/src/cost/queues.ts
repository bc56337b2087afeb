import type { PlanTransfer, PlanVariant } from "../plan/plan.ts";

/** When a task of a step runs, in nanoseconds from the step's start. */
interface TaskTime {
  readonly startNs: number;
  readonly endNs: number;
}

export interface StepTimes {
  readonly tasks: ReadonlyMap<string, TaskTime>;
  readonly totalNs: number;
  /** Ids of splits and transfers, each of which starts when the one before it ends. */
  readonly criticalPath: readonly string[];
}

/** Weights streamed into a device come beside its work, one after the other. */
export const queuesOf = ({ kind, from, to }: PlanTransfer): readonly string[] =>
  kind === "stream" ? [`${to} streams`] : [from, to];

/**
 * Plays a step: each device takes the tasks of its queue in the plan's order and starts one when what it waits for is done. A copy takes
 * its turn on both of its devices, a streamed weight on neither, as the executors have it.
 *
 * @param durations whole nanoseconds of each split and transfer, by id
 */
export function playQueues(variant: PlanVariant, durations: ReadonlyMap<string, number>): StepTimes {
  const splits = new Map(variant.splits.map((split) => [split.id, split]));
  const transfers = new Map(variant.transfers.map((transfer) => [transfer.id, transfer]));
  const tasks = new Map<string, TaskTime>();
  const blockers = new Map<string, string | undefined>();
  const lastOf = new Map<string, string>();
  let final: string | undefined;
  for (const id of variant.order) {
    const transfer = transfers.get(id);
    const split = splits.get(id);
    const queues = transfer === undefined ? [split?.device ?? ""] : queuesOf(transfer);
    const waits =
      transfer === undefined ? (split?.waits ?? []) : transfer.after === null ? [] : [transfer.after];
    const before = queues.map((queue) => lastOf.get(queue)).filter((task) => task !== undefined);
    let startNs = 0;
    let blocker: string | undefined;
    for (const earlier of [...before, ...waits]) {
      const { endNs = 0 } = tasks.get(earlier) ?? {};
      if (blocker === undefined || endNs > startNs) blocker = earlier;
      startNs = Math.max(startNs, endNs);
    }
    const time = { startNs, endNs: startNs + (durations.get(id) ?? 0) };
    tasks.set(id, time);
    blockers.set(id, blocker);
    for (const queue of queues) lastOf.set(queue, id);
    if (final === undefined || time.endNs > (tasks.get(final)?.endNs ?? 0)) final = id;
  }
  const criticalPath: string[] = [];
  for (let id = final; id !== undefined; id = blockers.get(id)) criticalPath.push(id);
  return {
    tasks,
    totalNs: final === undefined ? 0 : (tasks.get(final)?.endNs ?? 0),
    criticalPath: criticalPath.reverse(),
  };
}
