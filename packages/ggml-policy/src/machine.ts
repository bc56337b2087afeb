import type { DeviceProfile, Link } from "@tensorplan/backend-api";
import { TensorplanError } from "@tensorplan/ir";

/** The devices of a machine as llama.cpp names them. */
export interface LlamaMachine {
  readonly cpu: DeviceProfile;
  readonly gpu: DeviceProfile | undefined;
  /** `CUDA0`, or undefined without a GPU. */
  readonly gpuName: string | undefined;
  readonly links: readonly Link[];
}

/** @throws TensorplanError `ggml/devices` for machines that the emulation doesn't know */
export function llamaMachine({
  devices,
  links,
}: {
  readonly devices: readonly DeviceProfile[];
  readonly links: readonly Link[];
}): LlamaMachine {
  const gpus = devices.filter(({ hostMemory }) => !hostMemory);
  const cpu = devices.find(({ hostMemory }) => hostMemory);
  if (gpus.length > 1 || cpu === undefined) {
    throw new TensorplanError({
      code: "ggml/devices",
      message:
        cpu === undefined
          ? "llama.cpp needs a CPU, and these devices have none"
          : `--policy ggml emulates one GPU beside the CPU, and there are ${gpus.length}`,
      hint: "choose --devices h100, rtx4080 or cpu, or plan with --policy rules",
    });
  }
  const [gpu] = gpus;
  return { cpu, gpu, gpuName: gpu === undefined ? undefined : "CUDA0", links };
}

/** Our id of a device that ggml names. */
export const planDevice = ({ cpu, gpu }: LlamaMachine, name: string): DeviceProfile =>
  name === "CPU" || gpu === undefined ? cpu : gpu;
