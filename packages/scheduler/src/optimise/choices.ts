import type { Rule } from "../rules/rule.ts";
import { type Group, groupKey, type Part, partSelector } from "./groups.ts";

/** A device, by its index, for each group, by its key. */
export type Choice = ReadonlyMap<string, number>;

/** Store rules that put every group where it was chosen to live. The first device's come last and are one rule. */
export function rulesOf(
  name: string,
  choice: Choice,
  groups: readonly Group[],
  devices: readonly string[],
  why: string,
): readonly Rule[] {
  const rules: Rule[] = [];
  const rule = (title: string, when: Rule["when"], device: string): Rule => ({
    name: `${name}: ${title} on ${device}`,
    origin: { kind: "api" },
    when,
    do: { store: device },
    else: "error",
    why,
    optional: true,
  });
  for (const [index, device] of devices.entries()) {
    if (index === 0) continue;
    const here = groups.filter((group) => choice.get(groupKey(group)) === index);
    for (const part of new Set<Part>(here.map((group) => group.part))) {
      const layers = here.filter((group) => group.part === part).map(({ layer }) => layer);
      rules.push(rule(part, partSelector(part, layers), device));
    }
  }
  const [first] = devices;
  return first === undefined ? rules : [...rules, rule("the rest", {}, first)];
}
