import type { DeviceProfile } from "@tensorplan/backend-api";
import { TensorplanError } from "@tensorplan/ir";
import { deviceNamed } from "../deviceName.ts";

/** The device of a name as ggml's programs spell it (`CPU`, `CUDA0`) or as ours do. @throws TensorplanError `flags/unknown-device` */
export function findDevice(name: string, devices: readonly DeviceProfile[], flag: string): DeviceProfile {
  const id = deviceNamed(
    name,
    devices.map((device) => device.id),
  );
  const device = devices.find((each) => each.id === id);
  if (device !== undefined) return device;
  throw new TensorplanError({
    code: "flags/unknown-device",
    message: `${flag}: there is no device '${name}'`,
    hint: `the devices are: ${devices.map((each) => each.id).join(", ")}`,
  });
}

/** The device that keeps what isn't offloaded, and those to offload to. */
export interface HostAndAccelerators {
  readonly host: DeviceProfile;
  readonly accelerators: readonly DeviceProfile[];
}

/**
 * Accelerators are the devices whose memory isn't the host's; where all memory is the host's, all devices but the first, so that
 * placements can be tried on a machine without accelerators.
 *
 * @throws TensorplanError `flags/no-accelerator`
 */
export function hostAndAccelerators(devices: readonly DeviceProfile[], flag: string): HostAndAccelerators {
  const apart = devices.filter(({ hostMemory }) => !hostMemory);
  const accelerators = apart.length > 0 ? apart : devices.slice(1);
  const host = devices.find((device) => !accelerators.includes(device)) ?? devices[0];
  if (accelerators.length > 0 && host !== undefined) return { host, accelerators };
  throw new TensorplanError({
    code: "flags/no-accelerator",
    message: `${flag} chooses between host and accelerators, and there is only one device`,
    hint: "leave the flag out, or open a second device (--cpu-devices 2 for a trial)",
  });
}
