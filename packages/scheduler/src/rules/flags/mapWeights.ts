import { type DeviceProfile, FILE_MAPS } from "@tensorplan/backend-api";
import type { Rule } from "../rule.ts";
import { flagRule, noEffect } from "./flagRule.ts";

/** `--mmap`: a map rule for all weights that a device can use where they lie. */
export function mapWeightsRule(devices: readonly DeviceProfile[]): Rule {
  if (!devices.some(({ features }) => features.includes(FILE_MAPS))) {
    const names = devices.map(({ id }) => id).join(", ");
    noEffect("--mmap", `no device can use weights where they lie in a file (${names})`, "leave the flag out");
  }
  return flagRule("--mmap", {
    name: "--mmap",
    when: { kind: "weight" },
    do: { map: "file" },
    // What is made from a tensor's parts isn't in the file, and not every device reads files.
    else: "next",
    why: "pages of a file are shared by all programs that use it, and a file may be larger than the memory",
  });
}
