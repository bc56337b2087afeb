import type { Homes } from "../residence/homes.ts";
import type { Residence } from "../residence/residence.ts";
import { auditRules, type Question } from "../rules/auditRules.ts";
import type { Rule } from "../rules/rule.ts";
import type { Decision, RuleBook, RuleFamily } from "../rules/ruleBook.ts";
import type { Facts } from "../rules/selector.ts";
import type { Box } from "../variants/box.ts";
import type { PlanVariant } from "./plan.ts";
import type { VariantTable } from "./variantTable.ts";
import { decisionCounts } from "./warnings.ts";

interface PlanParts {
  readonly book: RuleBook;
  readonly devices: readonly { readonly id: string }[];
  readonly homes: Homes;
  readonly residence: Residence;
  /** Tables in which all rules were asked. */
  readonly asked: readonly VariantTable[];
  readonly variants: readonly PlanVariant[];
}

const question = (facts: Facts, box: Box | undefined, decision: Decision | undefined): Question => ({
  facts,
  box,
  answeredBy: decision?.rule,
  tried: decision?.tried ?? [],
});

/** Everything that rules of one family are asked about, with the answers. */
function questionsOf(family: RuleFamily, rule: Rule, parts: PlanParts): readonly Question[] {
  const { book, devices, homes, asked: tables } = parts;
  switch (family) {
    case "store":
      return homes.facts.map((facts) => question(facts, undefined, homes.of(facts.id).decision));
    case "map":
      return homes.facts
        .filter(({ kind }) => kind === "weight")
        .map((facts): Question => {
          const mapping = homes.of(facts.id).mapping;
          const answeredBy = mapping?.rule ?? undefined;
          return { facts, box: undefined, answeredBy, tried: mapping?.tried ?? [] };
        });
    case "replicate": {
      const names = (rule.do as { readonly replicate: readonly string[] }).replicate;
      const wanted = names.map((name) => devices.findIndex(({ id }) => id === name));
      return homes.facts
        .filter(({ kind }) => kind === "weight")
        .flatMap((facts) =>
          wanted.map((device): Question => {
            const answeredBy = homes.replica(facts.id, device);
            return { facts, box: undefined, answeredBy, tried: [] };
          }),
        );
    }
    case "assign":
      return tables.flatMap(({ box, view, nodeFacts, placements, compositeFacts, compositePlaces }) => [
        ...nodeFacts.flatMap((facts, node) =>
          view.nodes[node]?.view === true ? [] : [question(facts, box, placements[node]?.decision)],
        ),
        ...compositeFacts.map((facts) => question(facts, box, compositePlaces.get(facts.id))),
      ]);
    case "lower":
      return tables.flatMap(({ box, lowerings, compositeFacts }) => {
        const choices = new Map(lowerings.map(({ node, decision }) => [node, decision]));
        return compositeFacts.map((facts) => question(facts, box, choices.get(facts.id)));
      });
    // Stream rules place nodes too, and are judged by that: those that only allow copies are among the rules that decided.
    case "stream":
      return [];
    case "transfer":
      return tables.flatMap(({ box, nodeFacts }) =>
        nodeFacts.map((facts): Question => {
          const first = book.family.transfer.find(({ matches }) => matches(facts, box) === undefined);
          return { facts, box, answeredBy: first?.rule.name, tried: [] };
        }),
      );
  }
}

/**
 * Rules of the user's that decided nothing, though they could have. Those that never can are refused.
 *
 * @throws TensorplanError as `auditRules`
 */
export function checkIdleRules(parts: PlanParts): readonly { readonly rule: Rule; readonly why: string }[] {
  const { book, homes, residence, asked: tables, variants } = parts;
  const names = new Set([
    ...homes.facts.map(({ id }) => homes.of(id).decision.rule),
    ...residence.weights.flatMap(({ mapping }) => mapping?.rule ?? []),
    ...residence.weights.flatMap(({ copies }) =>
      copies.flatMap(({ because }) => (because.kind === "replica" ? [because.rule] : [])),
    ),
    ...decisionCounts(variants).keys(),
    ...tables.flatMap(({ compositePlaces }) => [...compositePlaces.values()].map(({ rule }) => rule)),
    ...variants.flatMap(({ transfers }) => transfers.map(({ rule }) => rule)),
  ]);
  return auditRules({
    book,
    decided: names,
    questions: (family, rule) => questionsOf(family, rule, parts),
    boxes: tables.map(({ box }) => box),
  });
}
