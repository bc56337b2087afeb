import { availableParallelism, cpus, totalmem } from "node:os";
import {
  type BackendOptions,
  type DeviceProfile,
  deviceId,
  FILE_MAPS,
  type ProbeResult,
} from "@tensorplan/backend-api";
import { kernelRows } from "./kernels/index.ts";
import { cpuLayouts } from "./layouts.ts";
import { type LoadedAddon, loadAddon } from "./native/loadAddon.ts";

/**
 * What one core of a current server does in a second with 512-bit vectors. The kernels' shares refer to this nominal core, those of
 * narrower instruction sets too, so the figures don't depend on the features. Measured on Zen 4 at 3.7 GHz.
 */
const perThread = { int8: 468e9, f32: 117e9, f16: 117e9 };

/** Bytes per second that so many threads read together: a fit to 2 cores of Zen 4 (31 GB/s) and 16 of Sapphire Rapids (115 GB/s). */
const estimatedBandwidth = (threads: number): number => Math.round(20 * threads ** 0.63) * 1e9;

/** The instruction set that the user forces: the option, else `TENSORPLAN_ISA`. */
export const forcedIsa = (options: BackendOptions): string => options.isa ?? process.env.TENSORPLAN_ISA ?? "";

/** Memory that this process may use: a container's limit where there is one. */
function usableMemory(): number {
  const limit = process.constrainedMemory();
  return limit > 0 && limit < totalmem() ? limit : totalmem();
}

/** @param load how to get the add-on; tests give others */
export function probe(options: BackendOptions, load: () => LoadedAddon = loadAddon): ProbeResult {
  const loaded = load();
  if (loaded.kind === "missing") return { kind: "none", code: loaded.code, reason: loaded.reason };
  const count = options.devices ?? 1;
  if (!Number.isInteger(count) || count < 1 || count > 64) {
    return {
      kind: "none",
      code: "cpu/devices",
      reason: `${count} CPU devices were asked for: give a number from 1 to 64`,
    };
  }
  const threads = options.threads ?? Math.max(1, Math.floor(availableParallelism() / count));
  if (!Number.isInteger(threads) || threads < 1 || threads > 1024) {
    return {
      kind: "none",
      code: "cpu/threads",
      reason: `${threads} threads were asked for: give a number from 1 to 1024`,
    };
  }
  let features: readonly string[];
  try {
    features = loaded.addon.features(forcedIsa(options));
  } catch (error) {
    return { kind: "none", code: "cpu/isa", reason: error instanceof Error ? error.message : String(error) };
  }
  const profile = (index: number): DeviceProfile => ({
    id: deviceId(count === 1 ? "cpu" : `cpu:${index}`),
    backend: "cpu",
    name: cpus()[0]?.model.trim() ?? "CPU",
    memoryBytes: Math.floor(usableMemory() / count),
    hostMemory: true,
    threads,
    features: [...features, FILE_MAPS],
    bandwidth: estimatedBandwidth(threads),
    rates: { int8: perThread.int8 * threads, f32: perThread.f32 * threads, f16: perThread.f16 * threads },
    kernels: kernelRows,
    layouts: cpuLayouts,
  });
  return { kind: "devices", devices: Array.from({ length: count }, (_, index) => profile(index)) };
}
