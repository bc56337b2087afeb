import type { DeviceProfile, KernelCost } from "@tensorplan/backend-api";
import type { Cost } from "@tensorplan/ir";

/** What a kernel's time is made of. */
export type CostLimit = "compute" | "memory" | "overhead";

export interface KernelTime {
  /** Whole nanoseconds: the larger of computing and reading, and what every execution costs besides. */
  readonly ns: number;
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
 * device's rate, and its traffic, at its share of the bandwidth.
 */
export function kernelTime(device: DeviceProfile, cost: KernelCost, work: Cost): KernelTime {
  const computeNs = nanoseconds(work.flops, device.rates[cost.rate] * cost.computeShare);
  const memoryNs = nanoseconds(work.bytes, device.bandwidth * cost.memoryShare);
  const overheadNs = Math.ceil(cost.overheadNs);
  const busy = Math.max(computeNs, memoryNs);
  return {
    ns: busy + overheadNs,
    computeNs,
    memoryNs,
    overheadNs,
    limit: overheadNs > busy ? "overhead" : computeNs > memoryNs ? "compute" : "memory",
  };
}
