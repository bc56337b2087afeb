import { type DeviceProfile, deviceId, type Link } from "@tensorplan/backend-api";
import { TensorplanError } from "@tensorplan/ir";
import type { DeviceEntry, DeviceFile, LinkEntry } from "./deviceFile.ts";
import { backendsWithKernels, kernelsOf } from "./ownKernels.ts";
import { withRoutes } from "./routes.ts";

/** Devices to plan for, whether or not they are here, and how they are linked. */
export interface DeviceSet {
  readonly name: string;
  readonly devices: readonly DeviceProfile[];
  readonly links: readonly Link[];
}

/**
 * Turns a checked file into what the scheduler takes: kernels filled in, links for every pair of devices,
 * over others where none is stated.
 *
 * @param source what to call the file in messages
 * @throws TensorplanError `devices/no-kernels` where a backend's kernels are asked for that isn't ours
 */
export async function deviceSet(file: DeviceFile, source: string): Promise<DeviceSet> {
  return {
    name: file.name,
    devices: await Promise.all(file.devices.map((entry) => profileOf(entry, source))),
    links: withRoutes(
      file.devices.map(({ id }) => deviceId(id)),
      file.links.flatMap(linksOf),
    ),
  };
}

async function profileOf(entry: DeviceEntry, source: string): Promise<DeviceProfile> {
  const { id, derivation: _, kernels, layouts, ...figures } = entry;
  const own = kernels === "backend" || layouts === "backend" ? await kernelsOf(entry.backend) : undefined;
  if (own === undefined && (kernels === "backend" || layouts === "backend")) {
    throw new TensorplanError({
      code: "devices/no-kernels",
      message: `${source}: '${id}' takes kernels and layouts of the backend '${entry.backend}', whose list isn't known`,
      hint: `list them in the file; known are those of ${backendsWithKernels.join(", ")}`,
    });
  }
  const features = new Set(entry.features);
  return {
    ...figures,
    id: deviceId(id),
    kernels:
      kernels === "backend"
        ? (own?.kernels ?? []).filter(({ requires }) => requires.every((each) => features.has(each)))
        : kernels,
    layouts: layouts === "backend" ? (own?.layouts ?? []) : layouts,
  };
}

const linksOf = ({ kind, among, bandwidth, latencyNs }: LinkEntry): readonly Link[] =>
  among.flatMap((a, i) =>
    among
      .slice(i + 1)
      .map((b) => ({ between: [deviceId(a), deviceId(b)] as const, kind, bandwidth, latencyNs })),
  );
