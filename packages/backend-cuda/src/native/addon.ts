import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

/** What `native/addon/addon.cc` exports. */

export interface NativeGpu {
  readonly index: number;
  readonly name: string;
  readonly memoryBytes: number;
  readonly computeMajor: number;
  readonly computeMinor: number;
  readonly multiprocessors: number;
  readonly clockHz: number;
  readonly bandwidth: number;
}

export interface NativeProbe {
  readonly gpus: readonly NativeGpu[];
  /** Why there are none. */
  readonly code: string;
  readonly reason: string;
}

interface NativeAddon {
  probe(): NativeProbe;
}

const addonPath = fileURLToPath(new URL("../../build/Release/tensorplan_backend_cuda.node", import.meta.url));

const nothing = (code: string, reason: string): NativeProbe => ({ gpus: [], code, reason });

/** Asks the add-on at `path` for GPUs; never throws. */
export function probeGpus(path: string = addonPath): NativeProbe {
  try {
    statSync(path);
  } catch {
    return nothing("cuda/not-built", "the CUDA add-on isn't built (npm start builds it where nvcc is)");
  }
  try {
    return (createRequire(import.meta.url)(path) as NativeAddon).probe();
  } catch (error) {
    return nothing(
      "cuda/broken",
      `the CUDA add-on doesn't load: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
