import type { Rule } from "../rules/rule.ts";
import type { RuleBook } from "../rules/ruleBook.ts";
import type { Facts } from "../rules/selector.ts";
import type { Box } from "../variants/box.ts";
import type { Homes } from "./homes.ts";

/** How a node on a device gets a weight: it lives there, it is held there too, or it is copied there in each step; by which rule. */
type Access =
  | { readonly kind: "home" }
  | { readonly kind: "replica"; readonly rule: string }
  | { readonly kind: "stream"; readonly rule: string };

type Weight = Facts["weights"][number];

/** Answers for the steps of one box. */
export interface WeightAccess {
  /** `undefined`: a node with these facts can't read the weight on that device. What is held there isn't streamed. */
  of(facts: Facts, weight: Weight, device: number): Access | undefined;
  /** Whether a stream rule, whose selector holds for the node, speaks of one of its weights. */
  streams(rule: Rule, facts: Facts): boolean;
  readonly anyStream: boolean;
}

/** Stream rules are asked about one weight of a node at a time: `weight` and `dtype` speak of the weight that is copied. */
export function weightAccess(
  { family }: RuleBook,
  homes: Homes,
  devices: readonly { readonly id: string }[],
  box: Box,
): WeightAccess {
  const rules = family.stream.map(({ rule, matches }) => ({
    rule,
    matches,
    targets: new Set(
      (rule.do as { readonly stream: readonly string[] }).stream.map((name) =>
        devices.findIndex(({ id }) => id === name),
      ),
    ),
  }));
  return {
    anyStream: rules.length > 0,
    of(facts, weight, device) {
      if (homes.of(weight.id).device === device) return { kind: "home" };
      const replica = homes.replica(weight.id, device);
      if (replica !== undefined) return { kind: "replica", rule: replica };
      const found = rules.find(
        ({ targets, matches }) =>
          targets.has(device) && matches({ ...facts, weights: [weight] }, box) === undefined,
      );
      return found === undefined ? undefined : { kind: "stream", rule: found.rule.name };
    },
    streams(rule, facts) {
      const found = rules.find((each) => each.rule === rule);
      return (
        found !== undefined &&
        facts.weights.some((weight) => found.matches({ ...facts, weights: [weight] }, box) === undefined)
      );
    },
  };
}
