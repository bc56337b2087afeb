import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { TensorplanError } from "@tensorplan/ir";
import { checkDeviceFile } from "./checkDeviceFile.ts";
import { type DeviceSet, deviceSet } from "./deviceSet.ts";

/** Machines whose profiles come along, made from public data sheets. */
export const shippedDevices = ["cpu", "rtx4080", "h100", "8xh100", "2x-e5-2690v3", "ryzen-5975wx"] as const;

const isShipped = (name: string): boolean => (shippedDevices as readonly string[]).includes(name);

const shippedPath = (name: string): string =>
  fileURLToPath(new URL(`../../devices/${name}.json`, import.meta.url));

/**
 * The devices of a profile that comes along, by its name, or of a profile file, by its path.
 *
 * @throws TensorplanError `devices/…`
 */
export async function readDevices(nameOrPath: string): Promise<DeviceSet> {
  const shipped = isShipped(nameOrPath);
  const source = shipped ? `the profile ${nameOrPath}` : nameOrPath;
  return deviceSet(
    checkDeviceFile(await textOf(shipped ? shippedPath(nameOrPath) : nameOrPath), source),
    source,
  );
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new TensorplanError({
      code: "devices/unreadable",
      message: `there is no profile '${path}', and no file of that name can be read`,
      hint: `profiles that come along: ${shippedDevices.join(", ")}; or give the path of a file`,
      cause,
    });
  }
}
