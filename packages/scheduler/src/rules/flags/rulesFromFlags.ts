import type { DeviceProfile } from "@tensorplan/backend-api";
import type { Graph } from "@tensorplan/ir";
import type { Rule } from "../rule.ts";
import { cpuExpertRules } from "./cpuExperts.ts";
import { gpuLayerRules } from "./gpuLayers.ts";
import { mapWeightsRule } from "./mapWeights.ts";
import { cachesOnHostRule, computeAtWeightsRule } from "./offload.ts";
import { overrideTensorRules } from "./overrideTensors.ts";
import type { PlacementFlags } from "./placementFlags.ts";
import { checkSplitFlags } from "./splitFlags.ts";
import { streamTensorRules } from "./streamTensors.ts";

/**
 * The rules that placement flags stand for: overrides first as in ggml, then experts, caches, layers, and last how to place nodes. Only
 * what a flag says is decided: the defaults follow behind.
 *
 * @param devices in the user's order
 * @throws TensorplanError `flags/…` for a flag that can't be read, has no effect, or names what isn't there
 */
export function rulesFromFlags(
  flags: PlacementFlags,
  context: { readonly graph: Graph; readonly devices: readonly DeviceProfile[] },
): readonly Rule[] {
  const { graph, devices } = context;
  checkSplitFlags(flags);
  const stores = [
    ...overrideTensorRules(flags.overrideTensors ?? [], devices),
    ...cpuExpertRules(flags, devices),
    ...(flags.noKvOffload === true ? [cachesOnHostRule(devices)] : []),
  ];
  return [
    ...stores,
    ...(flags.gpuLayers === undefined ? [] : gpuLayerRules(flags.gpuLayers, flags, graph, devices, stores)),
    ...(flags.mapWeights === true ? [mapWeightsRule(devices)] : []),
    ...(flags.noOpOffload === true ? [computeAtWeightsRule(devices)] : []),
    ...streamTensorRules(flags.streamTensors ?? [], devices),
  ];
}
