import type { KernelRow, LayoutInfo, RateName } from "./kernelRow.ts";

declare const deviceBrand: unique symbol;
/** `cpu`, `cpu:1`, `cuda:0`, `reference`, … */
export type DeviceId = string & { readonly [deviceBrand]: "device" };
export const deviceId = (id: string): DeviceId => id as DeviceId;

/** Feature of devices that can use weights where they lie in the file (`WeightPlace.mapped`). */
export const FILE_MAPS = "file-maps";

/**
 * Step of places of mapped weights in their region, a multiple of the page size of every machine, so that plans don't depend on it: a
 * place's offset and the tensor's offset in the file are equal modulo this.
 */
export const MAP_GRANULE = 65_536;

/**
 * Everything that the scheduler knows of a device. It is plain data: a backend reports it for devices that are present, a profile file
 * gives it for those that aren't.
 */
export interface DeviceProfile {
  readonly id: DeviceId;
  readonly backend: string;
  readonly name: string;
  /** The machine that the device is in; absent: the only one. */
  readonly host?: string;
  readonly memoryBytes: number;
  /** Whether host code can address the device's memory. */
  readonly hostMemory: boolean;
  readonly threads: number;
  readonly features: readonly string[];
  /** Bytes per second of reading memory. */
  readonly bandwidth: number;
  /** Operations per second (a multiply-add counts 2). */
  readonly rates: Readonly<Record<RateName, number>>;
  readonly kernels: readonly KernelRow[];
  readonly layouts: readonly LayoutInfo[];
}

/** What a link is made of: memory of one host, its sockets' interconnect, PCIe, NVLink, or a network between hosts. */
export const linkKinds = ["memory", "numa", "pcie", "nvlink", "network"] as const;
export type LinkKind = (typeof linkKinds)[number];

/** A way to move bytes between two devices, both directions alike. */
export interface Link {
  readonly between: readonly [DeviceId, DeviceId];
  readonly kind?: LinkKind;
  /** Bytes per second, one way. */
  readonly bandwidth: number;
  readonly latencyNs: number;
}
