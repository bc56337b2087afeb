import type { DeviceProfile } from "@tensorplan/backend-api";
import { TensorplanError } from "@tensorplan/ir";
import type { Rule } from "../rule.ts";
import { findDevice } from "./flagDevices.ts";
import { flagRule } from "./flagRule.ts";

function overrideRule(part: string, devices: readonly DeviceProfile[], times: number): Rule {
  const at = part.lastIndexOf("=");
  const flag = `-ot ${part}`;
  if (at <= 0 || at === part.length - 1) {
    throw new TensorplanError({
      code: "flags/override-tensor",
      message: `${flag}: expected REGEX=DEVICE`,
      hint: "for example -ot 'ffn_.*_exps=cpu'",
    });
  }
  const name = times === 1 ? flag : `${flag} (${times})`;
  return flagRule(name, {
    name,
    when: { kind: "weight", weight: { regex: part.slice(0, at) } },
    do: { store: findDevice(part.slice(at + 1), devices, flag).id },
  });
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
