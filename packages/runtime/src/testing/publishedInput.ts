import { coreOps, defaultPasses, runPasses } from "@tensorplan/ir";
import {
  modelDefinitions,
  readModel,
  synthPreset,
  synthSettings,
  synthTensorTable,
} from "@tensorplan/models";
import type { PlanInput } from "@tensorplan/scheduler";
import { readDevices } from "../profiles/readDevices.ts";

/** What the scheduler gets for a published model in IQ4_NL on the devices of a shipped profile, without a file. */
export async function publishedInput(
  arch: string,
  devices: string,
  { layers, tokens = 512 }: { readonly layers?: number; readonly tokens?: number } = {},
): Promise<PlanInput> {
  const options = { preset: synthPreset(arch), type: "iq4_nl", layers } as const;
  const model = readModel(synthSettings(options), synthTensorTable(options), modelDefinitions);
  const limits = { tokens, outputs: 1, sequences: 1, context: 4096, slots: 4096 };
  const { graph } = runPasses(model.graph({ limits, cacheDType: "f16" }), coreOps, defaultPasses);
  return { graph, ops: coreOps, ...(await readDevices(devices)) };
}
