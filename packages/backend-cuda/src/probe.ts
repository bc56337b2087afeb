import { type DeviceProfile, deviceId, type ProbeResult } from "@tensorplan/backend-api";
import { cudaLayouts } from "./layouts.ts";
import { type NativeGpu, type NativeProbe, probeGpus } from "./native/addon.ts";

/** f16 operations of the tensor cores in a clock of one multiprocessor, by generation. */
const tensorOperations = (major: number): number => (major >= 9 ? 4096 : 2048);

function profileOf(gpu: NativeGpu): DeviceProfile {
  const clocks = gpu.multiprocessors * gpu.clockHz;
  const f16 = clocks * tensorOperations(gpu.computeMajor);
  return {
    id: deviceId(`cuda:${gpu.index}`),
    backend: "cuda",
    name: gpu.name,
    memoryBytes: gpu.memoryBytes,
    hostMemory: false,
    threads: gpu.multiprocessors,
    features: [`sm_${gpu.computeMajor}${gpu.computeMinor}`],
    bandwidth: gpu.bandwidth,
    rates: { f32: clocks * 256, f16, int8: 2 * f16 },
    kernels: [],
    layouts: cudaLayouts,
  };
}

/** GPUs of this machine. They have no kernels yet, so a scheduler places nothing on them. */
export function probe(find: () => NativeProbe = probeGpus): ProbeResult {
  const { gpus, code, reason } = find();
  return gpus.length === 0
    ? { kind: "none", code, reason }
    : { kind: "devices", devices: gpus.map(profileOf) };
}
