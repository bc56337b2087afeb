import {
  BACKEND_API_VERSION,
  type Backend,
  type BackendOptions,
  type DeviceId,
} from "@tensorplan/backend-api";
import { TensorplanError } from "@tensorplan/ir";
import { CpuDevice } from "./device/cpuDevice.ts";
import { loadAddon } from "./native/loadAddon.ts";
import { forcedIsa, probe } from "./probe.ts";

/** @throws TensorplanError with the probe's code when there is no CPU device, `device/unknown` for an id that it didn't list */
function open(id: DeviceId, options: BackendOptions): CpuDevice {
  const found = probe(options);
  const loaded = loadAddon();
  if (found.kind === "none" || loaded.kind === "missing") {
    const { code, reason } = found.kind === "none" ? found : { code: "cpu/not-built", reason: "not built" };
    throw new TensorplanError({ code, message: `there is no CPU device: ${reason}` });
  }
  const profile = found.devices.find((device) => device.id === id);
  if (profile === undefined) {
    throw new TensorplanError({
      code: "device/unknown",
      message: `the CPU backend has no device '${id}'`,
      hint: `it has: ${found.devices.map((device) => device.id).join(", ")}`,
    });
  }
  return new CpuDevice(profile, loaded.addon, forcedIsa(options));
}

/** Native kernels on this machine's CPU, as one device `cpu`, or as several with memories of their own: `cpu:0`, `cpu:1`, … */
export const cpuBackend: Backend = {
  apiVersion: BACKEND_API_VERSION,
  name: "cpu",
  probe: (options) => probe(options),
  open,
};
