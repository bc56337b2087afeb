import type { Homes } from "../../residence/homes.ts";
import type { Rule } from "../../rules/rule.ts";
import type { RuleBook } from "../../rules/ruleBook.ts";
import type { PlanWarning } from "../plan.ts";

/** Rules of flags that say where some things live, by flag; a flag that speaks of everything states a placement, whatever it changes. */
function storeFlags({ family }: RuleBook): ReadonlyMap<string, readonly Rule[]> {
  const flags = new Map<string, readonly Rule[]>();
  for (const { rule } of family.store) {
    if (rule.origin.kind !== "flag") continue;
    flags.set(rule.origin.text, [...(flags.get(rule.origin.text) ?? []), rule]);
  }
  const statesAll = (rules: readonly Rule[]) => rules.some(({ when }) => Object.keys(when).length === 0);
  return new Map([...flags].filter(([, rules]) => !statesAll(rules)));
}

/** Flags whose rules decide where something lives, and where all of that would live there without them. */
export function flagsWithoutEffect(
  book: RuleBook,
  homes: Homes,
  devices: readonly { readonly id: string }[],
): readonly PlanWarning[] {
  return [...storeFlags(book)].flatMap(([text, rules]): readonly PlanWarning[] => {
    const own = new Set(rules.map(({ name }) => name));
    const others = book.family.store.filter(({ rule }) => !own.has(rule.name));
    const by = new Set<string>();
    for (const facts of homes.facts) {
      const { decision, device } = homes.of(facts.id);
      if (!own.has(decision.rule)) continue;
      const next = others.find(({ matches }) => matches(facts, undefined) === undefined)?.rule;
      const same = next !== undefined && "store" in next.do && next.do.store === devices[device]?.id;
      if (!same) return [];
      by.add(next.name);
    }
    if (by.size === 0) return [];
    const names = [...by].map((name) => `'${name}'`).join(", ");
    return [
      {
        code: "flag-changes-nothing",
        message: `${text} changes nothing: all that it speaks of would live there without it, by ${names}`,
        hint: "leave it out, or say with -ngl what goes elsewhere",
      },
    ];
  });
}
