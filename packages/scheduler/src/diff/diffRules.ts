import { canonicalJson } from "@tensorplan/ir";
import type { Rule } from "../rules/rule.ts";
import type { RuleDiff } from "./planDiff.ts";

/** What a rule does; where it was written doesn't matter. */
const meaning = ({ when, do: action, else: otherwise, fallback, optional }: Rule): string =>
  canonicalJson({
    when,
    do: action,
    else: otherwise,
    fallback: fallback === true,
    optional: optional === true,
  });

/** Positions of a longest run of `order` that ascends: what needn't have been moved. O(n log n). */
function ascending(order: readonly number[]): ReadonlySet<number> {
  const ends: number[] = [];
  const before = order.map(() => -1);
  order.forEach((value, at) => {
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((order[ends[middle] as number] as number) < value) low = middle + 1;
      else high = middle;
    }
    before[at] = low === 0 ? -1 : (ends[low - 1] as number);
    ends[low] = at;
  });
  const kept = new Set<number>();
  for (let at = ends.at(-1) ?? -1; at >= 0; at = before[at] as number) kept.add(at);
  return kept;
}

/** Rules that were added, removed, changed or moved; names are unique within a list. */
export function diffRules(a: readonly Rule[], b: readonly Rule[]): readonly RuleDiff[] {
  const first = new Map(a.map((rule, index) => [rule.name, { rule, index }]));
  const second = new Set(b.map(({ name }) => name));
  const common = b.filter(({ name }) => first.has(name));
  const kept = ascending(common.map(({ name }) => first.get(name)?.index ?? -1));
  const place = new Map(common.map(({ name }, at) => [name, at]));
  return [
    ...a
      .filter(({ name }) => !second.has(name))
      .map(({ name }): RuleDiff => ({ rule: name, change: "removed" })),
    ...b.flatMap((rule): RuleDiff[] => {
      const before = first.get(rule.name);
      if (before === undefined) return [{ rule: rule.name, change: "added" }];
      if (meaning(before.rule) !== meaning(rule)) return [{ rule: rule.name, change: "changed" }];
      return kept.has(place.get(rule.name) ?? -1) ? [] : [{ rule: rule.name, change: "moved" }];
    }),
  ];
}
