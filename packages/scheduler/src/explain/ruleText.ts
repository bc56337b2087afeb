import type { Plan } from "../plan/plan.ts";
import { printOrigin } from "../rules/rule.ts";
import type { Decision } from "../rules/ruleBook.ts";

/** `rule 'x' (default: the reason)`. */
export function nameRule(plan: Plan, name: string): string {
  const rule = plan.rules.find((each) => each.name === name);
  if (rule === undefined) return `rule '${name}'`;
  return `rule '${name}' (${printOrigin(rule.origin)}${rule.why === undefined ? "" : `: ${rule.why}`})`;
}

export const explainTried = ({ tried }: Decision): readonly string[] =>
  tried.map(({ rule, outcome, why }) =>
    outcome === "refused"
      ? `  Rule '${rule}' was asked before and could not be obeyed: ${why}.`
      : `  Rule '${rule}' was asked before and does not apply: ${why}.`,
  );
