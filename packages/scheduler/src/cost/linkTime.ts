import type { DeviceProfile } from "@tensorplan/backend-api";
import type { PlanCapabilities } from "../plan/plan.ts";

/** What is assumed of a link that no profile describes, to or from memory that the host can't address: PCIe 4.0 x16, half of it used. */
const UNKNOWN_LINK = { bandwidth: 16e9, latencyNs: 10_000 };

/** A copy within host memory reads and writes every byte. */
const HOST_COPY_SHARE = 0.5;
const HOST_COPY_NS = 2000;

const deviceOf = (capabilities: PlanCapabilities, id: string): DeviceProfile | undefined =>
  capabilities.devices.find((device) => device.id === id);

/** Bandwidth (bytes each second) and latency of copies between two devices: the profile's link, else a stated assumption. */
function linkBetween(
  capabilities: PlanCapabilities,
  from: string,
  to: string,
): { readonly bandwidth: number; readonly latencyNs: number } {
  const link = capabilities.links.find(
    ({ between: [a, b] }) => (a === from && b === to) || (a === to && b === from),
  );
  if (link !== undefined) return link;
  const [source, target] = [deviceOf(capabilities, from), deviceOf(capabilities, to)];
  if (source?.hostMemory !== true || target?.hostMemory !== true) return UNKNOWN_LINK;
  const slower = Math.min(source.bandwidth, target.bandwidth);
  return { bandwidth: Math.max(1, Math.floor(slower * HOST_COPY_SHARE)), latencyNs: HOST_COPY_NS };
}

/** Whole nanoseconds of one copy: latency, and bytes over bandwidth. */
export function copyTime(capabilities: PlanCapabilities, from: string, to: string, bytes: number): number {
  const { bandwidth, latencyNs } = linkBetween(capabilities, from, to);
  return Math.ceil(latencyNs) + Math.ceil((bytes * 1e9) / bandwidth);
}
