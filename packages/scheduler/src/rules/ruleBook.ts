import { TensorplanError } from "@tensorplan/ir";
import type { Box } from "../variants/box.ts";
import { type ActionKind, actionKind, printOrigin, type Rule } from "./rule.ts";
import { compileSelector, type Facts, type Matcher } from "./selector.ts";

/** A rule that was asked before the one that decided, and why it didn't. */
export interface Tried {
  readonly rule: string;
  readonly outcome: "no-match" | "refused";
  readonly why: string;
}

/** Which rule decided, and all that were asked before it. */
export interface Decision {
  readonly rule: string;
  readonly tried: readonly Tried[];
  /** What the rule saw in this very node, where the rule's own words don't tell. */
  readonly why?: string;
}

export interface CompiledRule {
  readonly rule: Rule;
  readonly matches: Matcher;
}

/** Rules that answer the same question, in order. */
export type RuleFamily = "store" | "map" | "assign" | "lower" | "replicate" | "stream" | "transfer";

/** A stream rule answers two: where nodes run, and how their weights get there. */
const familiesOf: Readonly<Record<ActionKind, readonly RuleFamily[]>> = {
  store: ["store"],
  place: ["assign"],
  prefer: ["assign"],
  follow: ["assign"],
  lower: ["lower"],
  map: ["map"],
  replicate: ["replicate"],
  transfer: ["transfer"],
  stream: ["assign", "stream"],
  shard: [],
  optimise: [],
};

/** The effective rules, compiled once for a plan. */
export interface RuleBook {
  readonly rules: readonly Rule[];
  readonly family: Readonly<Record<RuleFamily, readonly CompiledRule[]>>;
}

/** @throws TensorplanError `rules/regex`, which names the rule */
export function compileRule(rule: Rule): CompiledRule {
  try {
    return { rule, matches: compileSelector(rule.when) };
  } catch (error) {
    if (!(error instanceof TensorplanError)) throw error;
    const { code, message, hint } = error;
    throw new TensorplanError({
      code,
      message: `rule '${rule.name}' (${printOrigin(rule.origin)}): ${message}`,
      hint,
      details: { rule: rule.name },
      cause: error,
    });
  }
}

/** @throws TensorplanError `rules/regex` */
export function ruleBook(rules: readonly Rule[]): RuleBook {
  const family: Record<RuleFamily, CompiledRule[]> = {
    store: [],
    map: [],
    assign: [],
    lower: [],
    replicate: [],
    stream: [],
    transfer: [],
  };
  for (const rule of rules) {
    const compiled = compileRule(rule);
    for (const name of familiesOf[actionKind(rule.do)]) family[name].push(compiled);
  }
  return { rules, family };
}

/** The book without some rules, which are named. */
export function withoutRules({ rules, family }: RuleBook, names: ReadonlySet<string>): RuleBook {
  const kept = (compiled: readonly CompiledRule[]) => compiled.filter(({ rule }) => !names.has(rule.name));
  return {
    rules: rules.filter(({ name }) => !names.has(name)),
    family: { ...family, assign: kept(family.assign), lower: kept(family.lower) },
  };
}

/** What a rule said when it was asked: it decides, it can't be obeyed, it doesn't apply, or it can't answer yet. */
export type Answer<T> =
  | { readonly kind: "decide"; readonly value: T }
  | { readonly kind: "refused"; readonly why: string }
  | { readonly kind: "no-match"; readonly why: string };

/** Asks rules in order until one decides. `undefined`: none did. */
export function askRules<T>(
  rules: readonly CompiledRule[],
  facts: Facts,
  box: Box | undefined,
  ask: (rule: Rule) => Answer<T>,
  onError: (rule: Rule, why: string) => never,
): { readonly value: T; readonly decision: Decision } | { readonly tried: readonly Tried[] } {
  const tried: Tried[] = [];
  for (const { rule, matches } of rules) {
    const mismatch = matches(facts, box);
    const answer: Answer<T> = mismatch === undefined ? ask(rule) : { kind: "no-match", why: mismatch };
    if (answer.kind === "decide") return { value: answer.value, decision: { rule: rule.name, tried } };
    if (answer.kind === "refused" && rule.else === "error") onError(rule, answer.why);
    tried.push({ rule: rule.name, outcome: answer.kind, why: answer.why });
  }
  return { tried };
}
