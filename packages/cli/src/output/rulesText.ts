import {
  formatRules,
  type Plan,
  planHash,
  rulesToJson,
  rulesToTypeScript,
  rulesToYaml,
  ruleUses,
} from "@tensorplan/scheduler";
import type { RulesFormat } from "../args/rulesListing.ts";

/** A plan's rules written down so that they give the plan again, or as a program that makes them. */
const writers: Readonly<Record<RulesFormat, (plan: Plan) => string>> = {
  json: ({ rules }) => rulesToJson(rules),
  yaml: ({ rules }) => rulesToYaml(rules),
  typescript: ({ rules, devices }) =>
    rulesToTypeScript(
      rules,
      devices.map(({ id }) => id),
    ),
};

/** A plan's rules: in the format asked for, as JSON with what each decided, or as a table. */
export function rulesText(
  plan: Plan,
  { rulesAs, json }: { readonly rulesAs?: RulesFormat; readonly json?: true },
): string {
  if (rulesAs !== undefined) return writers[rulesAs](plan);
  if (json !== true) return `${formatRules(plan)}\n`;
  const rules = ruleUses(plan).map((use, i) => ({ ...use, rule: plan.rules[i] }));
  return `${JSON.stringify({ plan: planHash(plan), rules }, null, 2)}\n`;
}
