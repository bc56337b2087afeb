import type { DeviceProfile, KernelCost } from "@tensorplan/backend-api";
import { coreOps, evaluateSize, type OpSet } from "@tensorplan/ir";
import { planFor } from "../plan/places.ts";
import type { Plan, PlanVariant } from "../plan/plan.ts";
import { parseSize, variantIndex } from "../plan/planIndex.ts";
import { type CostLimit, kernelTime } from "./kernelTime.ts";
import { copyTime } from "./linkTime.ts";
import { type NodeWork, nodeWork, noWork } from "./nodeWork.ts";
import { playQueues, queuesOf } from "./queues.ts";
import { type EstimatedStep, stepBindings, stepSizes } from "./stepBindings.ts";

/** One node of a step. All times are whole nanoseconds. */
export interface NodeEstimate {
  readonly node: string;
  /** Null for views, which take no time. */
  readonly device: string | null;
  readonly kernel: string | null;
  readonly flops: number;
  readonly bytes: number;
  readonly rows: number;
  readonly elements: number;
  readonly ns: number;
  readonly computeNs: number;
  readonly memoryNs: number;
  readonly overheadNs: number;
  /** What most of the time goes to; `none` for views. */
  readonly limit: CostLimit | "none";
}

/** A split or a transfer: how long it takes, and when it runs, from the step's start. */
export interface TaskEstimate {
  readonly id: string;
  readonly ns: number;
  readonly startNs: number;
  readonly endNs: number;
}

export interface TransferEstimate extends TaskEstimate {
  readonly bytes: number;
}

export interface StepEstimate {
  readonly variant: string;
  readonly step: EstimatedStep;
  /** In the order of the variant's nodes. */
  readonly nodes: readonly NodeEstimate[];
  /** In the order of the variant's lists. */
  readonly splits: readonly TaskEstimate[];
  readonly transfers: readonly TransferEstimate[];
  /** Time in which each device computes, sends or receives, in the plan's order. */
  readonly devices: readonly { readonly device: string; readonly busyNs: number }[];
  /** The longest chain of tasks, with one queue for each device. */
  readonly totalNs: number;
  /** Splits and transfers of that chain, in order. */
  readonly criticalPath: readonly string[];
}

const costTables = new WeakMap<DeviceProfile, ReadonlyMap<string, KernelCost>>();

/** Cost coefficients by kernel; profiles are immutable, so each table is made once. */
function costsOf(device: DeviceProfile): ReadonlyMap<string, KernelCost> {
  const known = costTables.get(device);
  if (known !== undefined) return known;
  const table = new Map<string, KernelCost>();
  for (const { name, cost } of device.kernels) if (!table.has(name)) table.set(name, cost);
  costTables.set(device, table);
  return table;
}

function estimateNodes(
  plan: Plan,
  variant: PlanVariant,
  step: EstimatedStep,
  ops: OpSet,
): readonly NodeEstimate[] {
  const index = variantIndex(plan, variant);
  const bindings = stepBindings(plan, step);
  const devices = new Map(plan.capabilities.devices.map((device) => [device.id as string, device]));
  const costOf = (device: string | null, kernel: string | null): KernelCost | undefined => {
    const profile = device === null ? undefined : devices.get(device);
    return profile === undefined || kernel === null ? undefined : costsOf(profile).get(kernel);
  };
  // Kernels that no profile knows may belong to nodes whose operands are a stranger's.
  const works = variant.nodes.map(({ device, kernel }, position) =>
    costOf(device, kernel) === undefined ? noWork : nodeWork(index, index.nodeAt(position), bindings, ops),
  );
  const stepBytes = new Map<string, number>();
  variant.nodes.forEach(({ device }, position) => {
    if (device !== null)
      stepBytes.set(device, (stepBytes.get(device) ?? 0) + (works[position] as NodeWork).bytes);
  });
  return variant.nodes.map(({ device, kernel }, position): NodeEstimate => {
    const node = index.nodeAt(position).id;
    const profile = device === null ? undefined : devices.get(device);
    const cost = costOf(device, kernel);
    if (profile === undefined || cost === undefined) {
      return {
        node,
        device,
        kernel,
        ...noWork,
        ns: 0,
        computeNs: 0,
        memoryNs: 0,
        overheadNs: 0,
        limit: "none",
      };
    }
    const work = works[position] as NodeWork;
    const time = kernelTime(profile, cost, { ...work, stepBytes: stepBytes.get(profile.id) ?? 0 });
    return { node, device, kernel, ...work, ...time };
  });
}

/**
 * How long a step takes by the profiles in the plan: each kernel by the roofline of its device, each copy by its link, the whole as the
 * longest chain. Deterministic; whole nanoseconds.
 *
 * @param ops the operations that the graph uses; their cost functions give the work
 * @throws TensorplanError `plan/no-variant` for a step that the plan doesn't serve
 */
export const estimateStep = (plan: Plan, step: EstimatedStep, ops: OpSet = coreOps): StepEstimate =>
  estimateVariant(plan, planFor(plan, stepSizes(step)), step, ops);

/** `estimateStep` for a variant that the caller names. */
export function estimateVariant(
  plan: Plan,
  variant: PlanVariant,
  step: EstimatedStep,
  ops: OpSet = coreOps,
): StepEstimate {
  const nodes = estimateNodes(plan, variant, step, ops);
  const bindings = stepBindings(plan, step);
  const durations = new Map<string, number>();
  for (const { id, nodes: positions } of variant.splits) {
    durations.set(
      id,
      positions.reduce((sum, position) => sum + (nodes[position]?.ns ?? 0), 0),
    );
  }
  const copies = variant.transfers.map(({ id, from, to, formula }) => {
    const bytes = evaluateSize(parseSize(formula), bindings);
    durations.set(id, copyTime(plan.capabilities, from, to, bytes));
    return { id, bytes };
  });
  const { tasks, totalNs, criticalPath } = playQueues(variant, durations);
  const taskOf = (id: string): TaskEstimate => ({
    id,
    ns: durations.get(id) ?? 0,
    ...(tasks.get(id) ?? { startNs: 0, endNs: 0 }),
  });
  const busy = new Map<string, number>();
  const queued = [
    ...variant.splits.map(({ id, device }) => [id, device] as const),
    ...variant.transfers.flatMap((transfer) =>
      queuesOf(transfer).map((queue) => [transfer.id, queue] as const),
    ),
  ];
  for (const [id, device] of queued) busy.set(device, (busy.get(device) ?? 0) + (durations.get(id) ?? 0));
  return {
    variant: variant.id,
    step,
    nodes,
    splits: variant.splits.map(({ id }) => taskOf(id)),
    transfers: copies.map(({ id, bytes }) => ({ ...taskOf(id), bytes })),
    devices: plan.devices.map(({ id }) => ({ device: id, busyNs: busy.get(id) ?? 0 })),
    totalNs,
    criticalPath,
  };
}
