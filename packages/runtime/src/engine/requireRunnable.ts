import { TensorplanError } from "@tensorplan/ir";
import type { GgufFile } from "@tensorplan/models";
import { plannedKernels } from "@tensorplan/scheduler";
import type { FoundDevices } from "./backends.ts";
import type { PlannedModel } from "./planModel.ts";

/** A planned model that there is all that a run needs of. */
export interface RunnableModel extends PlannedModel {
  readonly file: GgufFile;
  readonly found: FoundDevices;
}

/**
 * Refuses what can be planned and not run.
 *
 * @throws TensorplanError `engine/no-weights` for a model without a file, `engine/device-absent` for profiles, `engine/kernel-planned` for
 * kernels that don't exist yet
 */
export function requireRunnable(planned: PlannedModel): RunnableModel {
  const { file, found, plan } = planned;
  if (file === undefined) {
    throw new TensorplanError({
      code: "engine/no-weights",
      message: `the plan is for ${plan.graph.name}'s configuration, and there is no file with its weights`,
      hint: "run a GGUF file (-m model.gguf); `tensorplan synth` writes one with random weights",
    });
  }
  if (found === undefined) {
    throw new TensorplanError({
      code: "engine/device-absent",
      message: `the plan is for the profiles of ${plan.devices.map(({ id }) => id).join(", ")}, not for devices that are here`,
      hint: "leave --devices out to plan for this machine, and run that",
    });
  }
  const [first, ...more] = plannedKernels(plan);
  if (first !== undefined) {
    throw new TensorplanError({
      code: "engine/kernel-planned",
      message: `the plan uses kernels that don't exist yet: ${first.kernel} on ${first.device} (for '${first.node}')${more.length === 0 ? "" : ` and ${more.length} more`}`,
      hint: "use weights of another type, such as q8_0 or iq4_nl, or store them on another device",
      details: { kernels: [first, ...more].map(({ device, kernel }) => `${device} ${kernel}`) },
    });
  }
  return { ...planned, file, found };
}
