import { stringify } from "yaml";
import type { Rule } from "../rule.ts";
import { RULES_SCHEMA } from "./ruleSchema.ts";

/** Fields in the order in which people read them. */
const listed = (rules: readonly Rule[]) => ({
  schema: RULES_SCHEMA,
  rules: rules.map(({ name, why, when, do: action, else: otherwise, ...rest }) => ({
    name,
    ...(why === undefined ? {} : { why }),
    when,
    do: action,
    else: otherwise,
    ...rest,
  })),
});

/** The rule file, as JSON, that `rulesFromText` reads back as these rules. */
export const rulesToJson = (rules: readonly Rule[]): string => `${JSON.stringify(listed(rules), null, 2)}\n`;

/** The same as YAML. */
export const rulesToYaml = (rules: readonly Rule[]): string => stringify(listed(rules), { lineWidth: 0 });
