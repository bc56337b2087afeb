import type { Plan } from "../plan/plan.ts";
import { type RuleUse, ruleUses, type VariantUse } from "./ruleUses.ts";
import { textTable } from "./textTable.ts";
import { variantCounts } from "./variantCounts.ts";

const plural: Readonly<Record<string, string>> = { copy: "copies", "second copy": "second copies" };

const count = (n: number, thing: string): string =>
  `${n} ${n === 1 ? thing : (plural[thing] ?? `${thing}s`)}`;

/** What a rule decided, in words. */
function decided({ weights, caches, replicas, refused, variants }: RuleUse): string {
  const ofVariants = (field: Exclude<keyof VariantUse, "variant">, thing: string) =>
    variantCounts(
      variants.map((use) => ({ variant: use.variant, n: use[field] })),
      variants.length,
      (n) => count(n, thing),
    );
  const parts = [
    ...(weights > 0 ? [count(weights, "weight")] : []),
    ...(caches > 0 ? [count(caches, "cache")] : []),
    ...(replicas > 0 ? [count(replicas, "second copy")] : []),
    ofVariants("lowerings", "lowering"),
    ofVariants("nodes", "node"),
    ofVariants("transfers", "copy"),
  ].filter((part) => part !== "");
  const refusals = [...(refused > 0 ? [count(refused, "time")] : []), ofVariants("refused", "time")].filter(
    (part) => part !== "",
  );
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
