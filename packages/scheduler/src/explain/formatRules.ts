import type { Plan } from "../plan/plan.ts";
import { type RuleUse, ruleUses, type VariantUse } from "./ruleUses.ts";
import { textTable } from "./textTable.ts";

const plural: Readonly<Record<string, string>> = { copy: "copies", "second copy": "second copies" };

const count = (n: number, thing: string): string =>
  `${n} ${n === 1 ? thing : (plural[thing] ?? `${thing}s`)}`;

/** `12 nodes in each`, `decode 7 nodes, prefill 5 nodes`; nothing where no variant has any. */
function perVariant(
  variants: readonly VariantUse[],
  field: Exclude<keyof VariantUse, "variant">,
  thing: string,
): readonly string[] {
  if (variants.every((use) => use[field] === 0)) return [];
  const [first] = variants;
  if (variants.every((use) => use[field] === first?.[field])) {
    return [`${count(first?.[field] ?? 0, thing)}${variants.length > 1 ? " in each" : ""}`];
  }
  return [
    variants
      .filter((use) => use[field] > 0)
      .map((use) => `${use.variant} ${count(use[field], thing)}`)
      .join(", "),
  ];
}

/** What a rule decided, in words. */
function decided({ weights, caches, replicas, refused, variants }: RuleUse): string {
  const parts = [
    ...(weights > 0 ? [count(weights, "weight")] : []),
    ...(caches > 0 ? [count(caches, "cache")] : []),
    ...(replicas > 0 ? [count(replicas, "second copy")] : []),
    ...perVariant(variants, "lowerings", "lowering"),
    ...perVariant(variants, "nodes", "node"),
    ...perVariant(variants, "transfers", "copy"),
  ];
  const refusals = [
    ...(refused > 0 ? [count(refused, "time")] : []),
    ...perVariant(variants, "refused", "time"),
  ];
  return [
    parts.join("; ") || "nothing",
    ...(refusals.length > 0 ? [`refused and passed on: ${refusals.join("; ")}`] : []),
  ].join("; ");
}

/** The whole effective list of a plan as a table: each rule in order, where it comes from, what it says and what it decided. */
export function formatRules(plan: Plan): string {
  const uses = ruleUses(plan);
  const variants = plan.variants.map(({ id }) => id).join(", ");
  return [
    `rules of the plan of ${plan.graph.name}: the first that matches decides, for each question (store, place, lower, …) on its own`,
    `variants: ${variants}`,
    "",
    ...textTable(
      [
        ["#", "kind", "rule", "origin", "speaks of", "says", "else", "decided"],
        ...uses.map((use) => [
          String(use.position),
          use.kind,
          use.name,
          use.origin,
          use.selects,
          use.does,
          use.fallback ? `${use.else} (fallback)` : use.else,
          decided(use),
        ]),
      ],
      [0],
    ),
  ].join("\n");
}
