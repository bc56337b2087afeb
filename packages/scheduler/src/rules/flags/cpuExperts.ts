import type { DeviceProfile } from "@tensorplan/backend-api";
import { TensorplanError } from "@tensorplan/ir";
import type { Rule } from "../rule.ts";
import { hostAndAccelerators } from "./flagDevices.ts";
import { flagRule, noEffect } from "./flagRule.ts";
import type { PlacementFlags } from "./placementFlags.ts";

const experts = { kind: "weight", weight: { regex: "_exps(\\.|$)" } } as const;

/** `--n-cpu-moe N` and `--cpu-moe`: store rules for the weights of experts. */
export function cpuExpertRules(
  { cpuExpertLayers, cpuExperts }: PlacementFlags,
  devices: readonly DeviceProfile[],
): readonly Rule[] {
  const rules: Rule[] = [];
  if (cpuExpertLayers !== undefined) {
    const flag = `--n-cpu-moe ${cpuExpertLayers}`;
    if (!Number.isSafeInteger(cpuExpertLayers) || cpuExpertLayers < 0) {
      throw new TensorplanError({
        code: "flags/cpu-moe",
        message: `${flag}: the number of layers must be a whole number from 1 on`,
        hint: "--cpu-moe takes the experts of all layers",
      });
    }
    if (cpuExpertLayers === 0)
      noEffect(flag, "it speaks of no layer", "leave it out, or name a number from 1 on");
    rules.push(
      flagRule(flag, {
        name: flag,
        when: { ...experts, layer: { below: cpuExpertLayers } },
        do: { store: hostAndAccelerators(devices, flag).host.id },
        why: `the experts of the first ${cpuExpertLayers === 1 ? "layer" : `${cpuExpertLayers} layers`}`,
      }),
    );
  }
  if (cpuExperts === true) {
    rules.push(
      flagRule("--cpu-moe", {
        name: "--cpu-moe",
        when: experts,
        do: { store: hostAndAccelerators(devices, "--cpu-moe").host.id },
        why: "experts are large, and few of them are read in a step",
      }),
    );
  }
  return rules;
}
