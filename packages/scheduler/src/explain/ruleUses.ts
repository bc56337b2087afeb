import type { Plan, PlanVariant } from "../plan/plan.ts";
import { type ActionKind, actionKind, printOrigin, type Rule } from "../rules/rule.ts";
import type { Decision } from "../rules/ruleBook.ts";
import { describeAction, describeSelector } from "../rules/ruleWords.ts";

/** What a rule did for the steps of one variant. `refused`: nodes that it spoke of and that couldn't obey. */
export interface VariantUse {
  readonly variant: string;
  readonly nodes: number;
  readonly lowerings: number;
  readonly transfers: number;
  readonly refused: number;
}

/** One line of the effective list, in words, and what it decided. */
export interface RuleUse {
  /** From 1. */
  readonly position: number;
  readonly name: string;
  readonly origin: string;
  readonly kind: ActionKind;
  readonly selects: string;
  readonly does: string;
  readonly else: Rule["else"];
  readonly why: string | null;
  readonly fallback: boolean;
  readonly optional: boolean;
  /** Weights and caches whose home it decided, second copies that it allowed, and those that couldn't obey it. */
  readonly weights: number;
  readonly caches: number;
  readonly replicas: number;
  readonly refused: number;
  readonly variants: readonly VariantUse[];
}

type Tally = Map<string, number>;

const bump = (tally: Tally, rule: string | undefined): void => {
  if (rule !== undefined) tally.set(rule, (tally.get(rule) ?? 0) + 1);
};

const bumpRefused = (tally: Tally, decision: Decision | undefined): void => {
  for (const { rule, outcome } of decision?.tried ?? []) if (outcome === "refused") bump(tally, rule);
};

function countVariant(variant: PlanVariant) {
  const [nodes, lowerings, transfers, refused]: readonly Tally[] = [
    new Map(),
    new Map(),
    new Map(),
    new Map(),
  ];
  for (const { decision } of variant.nodes) {
    bump(nodes as Tally, variant.decisions[decision]?.rule);
    bumpRefused(refused as Tally, variant.decisions[decision]);
  }
  for (const { decision } of variant.lowerings) {
    bump(lowerings as Tally, variant.decisions[decision]?.rule);
    bumpRefused(refused as Tally, variant.decisions[decision]);
  }
  for (const { rule } of variant.transfers) bump(transfers as Tally, rule);
  return (rule: string): VariantUse => ({
    variant: variant.id,
    nodes: nodes?.get(rule) ?? 0,
    lowerings: lowerings?.get(rule) ?? 0,
    transfers: transfers?.get(rule) ?? 0,
    refused: refused?.get(rule) ?? 0,
  });
}

/** The whole effective list of a plan, in order, with what each rule decided. */
export function ruleUses(plan: Plan): readonly RuleUse[] {
  const weights: Tally = new Map();
  const caches: Tally = new Map();
  const replicas: Tally = new Map();
  const refused: Tally = new Map();
  const makers = new Map(
    plan.rules.map(({ name, origin }) => [name, origin.kind === "shard" ? origin.rule : undefined]),
  );
  for (const { decision, copies } of plan.weights) {
    bump(weights, decision.rule);
    // Rules that a shard rule stands for decide in its name.
    bump(weights, makers.get(decision.rule));
    bumpRefused(refused, decision);
    for (const { because } of copies) if (because.kind === "replica") bump(replicas, because.rule);
  }
  for (const { decision } of plan.states) {
    bump(caches, decision.rule);
    bumpRefused(refused, decision);
  }
  const variants = plan.variants.map(countVariant);
  return plan.rules.map((rule, index) => ({
    position: index + 1,
    name: rule.name,
    origin: printOrigin(rule.origin),
    kind: actionKind(rule.do),
    selects: describeSelector(rule.when),
    does: describeAction(rule.do),
    else: rule.else,
    why: rule.why ?? null,
    fallback: rule.fallback === true,
    optional: rule.optional === true,
    weights: weights.get(rule.name) ?? 0,
    caches: caches.get(rule.name) ?? 0,
    replicas: replicas.get(rule.name) ?? 0,
    refused: refused.get(rule.name) ?? 0,
    variants: variants.map((of) => of(rule.name)),
  }));
}
