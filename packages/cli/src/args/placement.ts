import { type Objective, type PlacementFlags, type Rule, rulesFromText } from "@tensorplan/scheduler";
import type { CliContext } from "../cliContext.ts";
import type { PlacementOptionValues } from "./placementOptions.ts";
import { readTextFile } from "./textFile.ts";

interface Placement {
  readonly rules?: readonly Rule[];
  readonly placement: PlacementFlags;
  readonly strict: boolean;
  readonly optimise: Objective | undefined;
}

/** Rules of the file, and the flags that become rules once graph and devices are known. */
export async function placementOf(flags: PlacementOptionValues, context: CliContext): Promise<Placement> {
  const rules =
    flags.rules === undefined
      ? undefined
      : rulesFromText(await readTextFile(flags.rules, context), flags.rules);
  return {
    ...(rules === undefined ? {} : { rules }),
    placement: placementFlags(flags),
    strict: flags.strict !== false,
    optimise: flags.optimise,
  };
}

const placementFlags = (flags: PlacementOptionValues): PlacementFlags => ({
  ...(flags.gpuLayers === undefined ? {} : { gpuLayers: flags.gpuLayers }),
  ...(flags.splitMode === undefined ? {} : { splitMode: flags.splitMode }),
  ...(flags.tensorSplit === undefined ? {} : { tensorSplit: flags.tensorSplit }),
  ...(flags.mainGpu === undefined ? {} : { mainGpu: flags.mainGpu }),
  ...(flags.overrideTensor === undefined ? {} : { overrideTensors: flags.overrideTensor }),
  ...(flags.cpuMoe === undefined ? {} : { cpuExperts: true }),
  ...(flags.nCpuMoe === undefined ? {} : { cpuExpertLayers: flags.nCpuMoe }),
  ...(flags.kvOffload === false ? { noKvOffload: true } : {}),
  ...(flags.stream === undefined ? {} : { streamTensors: flags.stream }),
  ...(flags.mmap === undefined ? {} : { mapWeights: true }),
  ...(flags.opOffload === false ? { noOpOffload: true } : {}),
});
