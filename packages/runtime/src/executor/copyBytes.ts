import type { Device } from "@tensorplan/backend-api";
import type { Place } from "./executor.ts";

/** Copies between devices through the main thread's memory. Both devices count it. */
export function copyBytes(devices: readonly Device[], from: Place, to: Place, bytes: number): void {
  const staging = new Uint8Array(bytes);
  devices[from.device]?.read(from.region, from.offset, staging);
  devices[to.device]?.write(to.region, to.offset, staging);
}
