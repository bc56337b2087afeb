import { TensorplanError } from "@tensorplan/ir";
import type { GgufFile } from "@tensorplan/models";
import { plannedKernels } from "@tensorplan/scheduler";
import { type FoundDevices, findDevices } from "./backends.ts";
import type { PlannedModel } from "./planModel.ts";

/**
 * The file with the weights of a planned model.
 *
 * @throws TensorplanError `engine/no-weights` where a configuration was planned
 */
export function requireFile({ file, plan }: PlannedModel): GgufFile {
  if (file !== undefined) return file;
  throw new TensorplanError({
    code: "engine/no-weights",
    message: `the plan is for a configuration (${plan.graph.name}), and there is no file with its weights`,
    hint: "run a GGUF file (-m model.gguf); `tensorplan synth` writes one with random weights",
  });
}

/**
 * Devices that run a plan. One made for profiles runs where devices of the same names are here and have all the features that the
 * profiles claim.
 *
 * @throws TensorplanError `engine/kernel-planned` for kernels that don't exist yet, `engine/device-absent`
 */
export async function requireDevices({ plan, found, probing }: PlannedModel): Promise<FoundDevices> {
  const [first, ...more] = plannedKernels(plan);
  if (first !== undefined) {
    throw new TensorplanError({
      code: "engine/kernel-planned",
      message: `the plan uses kernels that don't exist yet: ${first.kernel} on ${first.device} (for '${first.node}')${more.length === 0 ? "" : ` and ${more.length} more`}`,
      hint: "convert weights of such a type while they are loaded (--weights-as q8_0), or use weights of another type, or another device",
      details: { kernels: [first, ...more].map(({ device, kernel }) => `${device} ${kernel}`) },
    });
  }
  if (found !== undefined) return found;
  const wanted = plan.capabilities.devices;
  const cpus = wanted.filter(({ backend }) => backend === "cpu");
  const here = await findDevices({
    ...probing,
    threads: cpus[0]?.threads,
    cpuDevices: cpus.length > 1 ? cpus.length : undefined,
  });
  for (const { id, name, features } of wanted) {
    const device = here.devices.find(({ profile }) => profile.id === id);
    const lacking = features.filter((feature) => device?.profile.features.includes(feature) === false);
    if (device !== undefined && lacking.length === 0) continue;
    throw new TensorplanError({
      code: "engine/device-absent",
      message: `the plan is for '${id}' as a profile describes it (${name}), ${device === undefined ? "and no such device is here" : `and the one here lacks ${lacking.join(", ")}`}`,
      hint: `leave --devices out to plan for what is here: ${here.devices.map(({ profile }) => profile.id).join(", ")}`,
    });
  }
  return here;
}
