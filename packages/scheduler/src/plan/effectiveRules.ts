import { defaultRules } from "../rules/defaults.ts";
import { withDeviceIds } from "../rules/deviceName.ts";
import type { Rule } from "../rules/rule.ts";
import { validateRules } from "../rules/validate.ts";
import type { PlanInput } from "./planInput.ts";

/**
 * The whole list that decides: the user's rules in front of the defaults, devices called by their ids. A list that holds defaults, as a
 * plan's does, is taken as it is.
 *
 * @throws TensorplanError as `validateRules`, and `plan/no-devices`
 */
export function effectiveRules({ devices, rules = [], strict = true }: PlanInput): readonly Rule[] {
  const ids = devices.map(({ id }) => id);
  const whole = rules.some(({ origin }) => origin.kind === "default");
  const listed = [...rules, ...(whole ? [] : defaultRules({ devices: ids }))];
  const named = withDeviceIds(listed, ids);
  validateRules(named, ids);
  return strict ? named : named.map((rule) => ({ ...rule, else: "next" }));
}
