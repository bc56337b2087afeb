import { hostname } from "node:os";
import { DEVICES_SCHEMA, type DeviceFile } from "../profiles/deviceFile.ts";
import type { Calibration } from "./calibrator.ts";

const HOST = "this";

/** A calibration as a profile file, which `--devices` reads. */
export function calibrationFile({ device, copyBandwidth, rounds }: Calibration): DeviceFile {
  const measured = `measured by tensorplan calibrate: medians over ${rounds} ${rounds === 1 ? "round" : "rounds"}`;
  const {
    id,
    backend,
    name,
    memoryBytes,
    hostMemory,
    threads,
    features,
    bandwidth,
    rates,
    kernels,
    layouts,
  } = device;
  return {
    schema: DEVICES_SCHEMA,
    name: `${name}, ${threads} ${threads === 1 ? "thread" : "threads"}, calibrated`,
    hosts: [{ id: HOST, name: hostname() || "this machine" }],
    devices: [
      {
        id,
        host: HOST,
        backend,
        name,
        memoryBytes,
        hostMemory,
        threads,
        features: [...features],
        bandwidth,
        rates,
        kernels: [...kernels],
        layouts: [...layouts],
        derivation: [
          measured,
          `bandwidth: the fastest kernel that streams weights; rates: at which the fastest kernel reaches its row's share`,
          `one thread copies ${(copyBandwidth / 1e9).toFixed(1)} GB/s within memory: the bandwidth of a link between CPU devices here`,
        ],
      },
    ],
    links: [],
  };
}
