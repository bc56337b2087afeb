import type { DeviceProfile } from "@tensorplan/backend-api";
import type { Rule } from "../rule.ts";
import { hostAndAccelerators } from "./flagDevices.ts";
import { flagRule } from "./flagRule.ts";

/** `--no-kv-offload`: a store rule for all caches. */
export const cachesOnHostRule = (devices: readonly DeviceProfile[]): Rule =>
  flagRule("--no-kv-offload", {
    name: "--no-kv-offload",
    when: { kind: "state" },
    do: { store: hostAndAccelerators(devices, "--no-kv-offload").host.id },
    why: "caches stay with the host",
  });

/** `--no-op-offload`: a place rule that stands before all that would bring weights to where a node runs. */
export const computeAtWeightsRule = (devices: readonly DeviceProfile[]): Rule => {
  hostAndAccelerators(devices, "--no-op-offload");
  return flagRule("--no-op-offload", {
    name: "--no-op-offload",
    when: {},
    do: { follow: "weight" },
    // Nodes whose weights lie apart are the business of the rules behind it.
    else: "next",
    why: "weights stay where they are in every step, and work goes to them",
  });
};
