import type { DeviceProfile, KernelCost } from "@tensorplan/backend-api";
import type { Cost } from "@tensorplan/ir";
import { measuredRatio } from "./measuredRatio.ts";
import type { StepWork } from "./nodeWork.ts";

/** What a kernel's time is made of. */
export type CostLimit = "compute" | "memory" | "overhead";

export interface KernelTime {
  /** Whole nanoseconds: the larger of computing and reading, and what every execution costs besides, corrected by what was measured. */
  readonly ns: number;
  /** The roofline's parts. */
  readonly computeNs: number;
  readonly memoryNs: number;
  readonly overheadNs: number;
  /** The largest part. */
  readonly limit: CostLimit;
}

/** Whole nanoseconds for so much work at so much each second; 0 where the speed is unknown. */
const nanoseconds = (work: number, perSecond: number): number =>
  perSecond > 0 ? Math.ceil((work * 1e9) / perSecond) : 0;

/**
 * The roofline model (Williams, Waterman, Patterson 2009): a kernel takes as long as the slower of its arithmetic, at its share of the
 * device's rate, and its traffic, at its share of the bandwidth. Where the device's kernel was measured, the result is scaled by the ratio
 * of measured to modelled time that executions of similar work had.
 */
export function kernelTime(device: DeviceProfile, cost: KernelCost, work: StepWork): KernelTime {
  const { computeNs, memoryNs, overheadNs, ns } = roofline(device, cost, work);
  const busy = Math.max(computeNs, memoryNs);
  const { measured } = cost;
  return {
    ns:
      measured === undefined || measured.length === 0
        ? ns
        : Math.ceil(ns * measuredRatio(measured, (sample) => roofline(device, cost, sample).ns, work)),
    computeNs,
    memoryNs,
    overheadNs,
    limit: overheadNs > busy ? "overhead" : computeNs > memoryNs ? "compute" : "memory",
  };
}

function roofline(device: DeviceProfile, cost: KernelCost, work: Cost): Omit<KernelTime, "limit"> {
  const computeNs = nanoseconds(work.flops, device.rates[cost.rate] * cost.computeShare);
  const memoryNs = nanoseconds(work.bytes, device.bandwidth * cost.memoryShare);
  const overheadNs = Math.ceil(cost.overheadNs);
  return { computeNs, memoryNs, overheadNs, ns: Math.max(computeNs, memoryNs) + overheadNs };
}
