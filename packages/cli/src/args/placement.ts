import { type PlacementFlags, type Rule, rulesFromJson } from "@tensorplan/scheduler";
import type { CliContext } from "../cliContext.ts";
import type { EngineFlags } from "./engineOptions.ts";
import { readTextFile } from "./textFile.ts";

/** Rules of the file, and the flags that become rules once graph and devices are known. */
export async function placementOf(
  flags: EngineFlags,
  context: CliContext,
): Promise<{ readonly rules?: readonly Rule[]; readonly placement?: PlacementFlags }> {
  const rules =
    flags.rules === undefined
      ? undefined
      : rulesFromJson(await readTextFile(flags.rules, context), flags.rules);
  const placement = {
    ...(flags.gpuLayers === undefined ? {} : { gpuLayers: flags.gpuLayers }),
    ...(flags.overrideTensor === undefined ? {} : { overrideTensors: flags.overrideTensor }),
  };
  return { ...(rules === undefined ? {} : { rules }), placement };
}
