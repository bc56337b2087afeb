import type { DeviceProfile } from "@tensorplan/backend-api";
import type { Rule } from "../rule.ts";
import { flagRule } from "./flagRule.ts";
import { tensorsToDevice } from "./tensorsToDevice.ts";

function overrideRule(part: string, devices: readonly DeviceProfile[], times: number): Rule {
  const flag = `-ot ${part}`;
  const { regex, device } = tensorsToDevice(part, flag, devices);
  const name = times === 1 ? flag : `${flag} (${times})`;
  return flagRule(name, { name, when: { kind: "weight", weight: { regex } }, do: { store: device } });
}

/** `-ot REGEX=DEVICE,…`: a store rule for each part, in order. */
export function overrideTensorRules(
  overrides: readonly string[],
  devices: readonly DeviceProfile[],
): readonly Rule[] {
  const times = new Map<string, number>();
  return (
    overrides
      // Only a comma behind a device ends an override: `{1,3}` may stand in the expression.
      .flatMap((text) => text.split(/(?<==[\w:]+),/))
      .map((part) => {
        times.set(part, (times.get(part) ?? 0) + 1);
        return overrideRule(part, devices, times.get(part) as number);
      })
  );
}
