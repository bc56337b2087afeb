import type { RegionName } from "@tensorplan/backend-api";
import type { Size } from "@tensorplan/ir";
import type { PlanSplit, PlanTransfer, PlanVariant } from "./plan.ts";
import { parseSize } from "./planIndex.ts";

/** One task of a step. `waits`: positions of earlier tasks; tasks of one device also run in the order of the list. */
export type StepTask =
  | {
      readonly kind: "run";
      readonly split: string;
      readonly device: string;
      readonly waits: readonly number[];
    }
  | {
      readonly kind: "copy";
      /** It takes no turn on its devices: it starts when its waits are done, and only tasks that wait for it need it. */
      readonly stream: boolean;
      readonly transfer: string;
      readonly value: string;
      readonly from: { readonly device: string; readonly region: RegionName; readonly offset: number };
      readonly to: { readonly device: string; readonly region: RegionName; readonly offset: number };
      /** Symbolic bytes: a step copies what it uses. */
      readonly bytes: Size;
      readonly waits: readonly number[];
    };

/** The tasks of a step of one variant, in an order that satisfies their dependencies. */
export function stepTasks(variant: PlanVariant): readonly StepTask[] {
  const splits = new Map(variant.splits.map((split) => [split.id, split]));
  const transfers = new Map(variant.transfers.map((transfer) => [transfer.id, transfer]));
  const position = new Map(variant.order.map((id, index) => [id, index]));
  const at = (id: string) => position.get(id) as number;
  return variant.order.map((id): StepTask => {
    const split = splits.get(id);
    if (split !== undefined) return runTask(split, at);
    return copyTask(transfers.get(id) as PlanTransfer, at);
  });
}

const runTask = ({ id, device, waits }: PlanSplit, at: (id: string) => number): StepTask => ({
  kind: "run",
  split: id,
  device,
  waits: waits.map(at),
});

const copyTask = (transfer: PlanTransfer, at: (id: string) => number): StepTask => ({
  kind: "copy",
  stream: transfer.kind === "stream",
  transfer: transfer.id,
  value: transfer.value,
  from: { device: transfer.from, region: transfer.fromRegion, offset: transfer.fromOffset },
  to: { device: transfer.to, region: transfer.toRegion, offset: transfer.toOffset },
  bytes: parseSize(transfer.formula),
  waits: transfer.after === null ? [] : [at(transfer.after)],
});
