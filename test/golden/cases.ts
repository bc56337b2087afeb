import { join } from "node:path";
import type { StorageDType } from "@tensorplan/ir";
import { synthPreset, synthSettings, synthTensorTable } from "@tensorplan/models";
import { type PlanModelOptions, planModel, readDevices } from "@tensorplan/runtime";
import type { PlacementFlags, Plan } from "@tensorplan/scheduler";

/** A model, a machine and flags whose plan is kept. */
export interface GoldenCase {
  readonly name: string;
  /** Absent: the model that comes along. */
  readonly arch?: string;
  readonly type?: StorageDType;
  readonly devices: string;
  readonly flags: string;
  readonly placement: PlacementFlags;
}

const machines = [
  { devices: "cpu", flags: "", placement: {} },
  {
    devices: "rtx4080",
    flags: "-ngl 99 -ot exps=CPU",
    placement: { gpuLayers: 99, overrideTensors: ["exps=CPU"] },
  },
  { devices: "8xh100", flags: "-ngl 99", placement: { gpuLayers: 99 } },
] as const;

const models = [
  { arch: "deepseek-v2-lite", type: "iq4_nl" },
  { arch: "deepseek-v3", type: "iq4_nl" },
  { arch: "deepseek-r1", type: "iq4_k" },
  { arch: "qwen3-30b-a3b", type: "q8_0" },
] as const;

export const goldenCases: readonly GoldenCase[] = [
  { name: "embedded.cpu", devices: "cpu", flags: "", placement: {} },
  { name: "embedded.rtx4080", ...machines[1] },
  ...models.flatMap((model) =>
    machines.map((machine) => ({ name: `${model.arch}.${machine.devices}`, ...model, ...machine })),
  ),
];

/** @param root the repository's folder: bundled code doesn't stand where its sources do */
export async function goldenPlan(golden: GoldenCase, root: string): Promise<Plan> {
  const { devices, links } = await readDevices(join(root, `packages/runtime/devices/${golden.devices}.json`));
  const { plan } = await planModel({
    model: modelOf(golden, root),
    devices,
    links,
    contextLength: 4096,
    placement: golden.placement,
  });
  return plan;
}

function modelOf({ arch, type }: GoldenCase, root: string): PlanModelOptions["model"] {
  if (arch === undefined || type === undefined) {
    return join(root, "packages/models/assets/tiny-deepseek2-iq4_nl.gguf");
  }
  const options = { preset: synthPreset(arch), type };
  return { metadata: synthSettings(options), tensors: synthTensorTable(options) };
}
