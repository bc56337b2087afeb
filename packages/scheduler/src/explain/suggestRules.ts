import type { Plan } from "../plan/plan.ts";
import type { Pattern, Rule, Selector } from "../rules/rule.ts";
import { layerOf } from "../rules/selector.ts";
import { foldNames, maskLayers } from "./layerNames.ts";
import type { WhyNotNode, WhyNotStored } from "./whyNot.ts";

const quoted = (text: string): string => text.replace(/[.+?^${}()|[\]\\*]/g, "\\$&");

const familiesOf = (names: readonly string[]): ReadonlyMap<string, readonly string[]> => {
  const families = new Map<string, string[]>();
  for (const name of new Set(names))
    families.set(maskLayers(name), [...(families.get(maskLayers(name)) ?? []), name]);
  return families;
};

/**
 * One pattern for names that are alike but for their layers; several expressions joined for others.
 *
 * @param all names that there are: a family that is wanted whole needs no list of its layers
 */
function patternFor(names: readonly string[], all: readonly string[]): Pattern {
  const everyone = familiesOf(all);
  const families = [...familiesOf(names)];
  const whole = (masked: string, of: readonly string[]) => everyone.get(masked)?.length === of.length;
  const [only, ...more] = families;
  if (only !== undefined && more.length === 0) {
    if (only[1].length === 1) return only[1][0] as string;
    if (whole(...only)) return only[0];
  }
  const parts = families.map(([masked, of]) => {
    if (of.length === 1) return quoted(of[0] as string);
    const layers = whole(masked, of) ? "\\d+" : `(${of.map((name) => layerOf(name)).join("|")})`;
    return quoted(masked).replace("\\*", () => layers);
  });
  return { regex: parts.length === 1 ? `^${parts[0]}$` : `^(${parts.join("|")})$` };
}

/** The flag that makes the same store rule, for rules about weights by name. */
export function flagFor({ when, do: action }: Rule): string | undefined {
  if (!("store" in action) || when.kind !== "weight" || when.weight === undefined) return undefined;
  const text =
    typeof when.weight === "string" ? `^${quoted(when.weight).replaceAll("\\*", ".*")}$` : when.weight.regex;
  return `-ot '${text}=${action.store}'`;
}

const followsHome = (plan: Plan, name: string): boolean => {
  const action = plan.rules.find((each) => each.name === name)?.do;
  return (
    action !== undefined && "follow" in action && (action.follow === "weight" || action.follow === "state")
  );
};

interface SuggestInput {
  readonly plan: Plan;
  readonly device: string;
  readonly wanted: string;
  /** Nodes that the device has kernels for and that aren't there. */
  readonly nodes: readonly WhyNotNode[];
  readonly stored: readonly WhyNotStored[];
  /** Whether they are all that was asked for, so that the rule may use the words of the question. */
  readonly allNodes: boolean;
}

const title = (what: string, names: readonly string[], device: string): string => {
  const folded = foldNames(names);
  return `${folded.length > 2 ? `${folded.length} kinds of ${what}` : folded.join(" and ")} on ${device}`;
};

/**
 * Rules that bring nodes to a device: their weights and caches are stored there, and nodes that wouldn't follow those are placed. They
 * belong in front of the other rules.
 */
export function suggestRules({
  plan,
  device,
  wanted,
  nodes,
  stored,
  allNodes,
}: SuggestInput): readonly Rule[] {
  const answers = nodes.flatMap((node) => node.answers.map(({ answer }) => ({ node, answer })));
  const away = (kind: "weight" | "cache") => [
    ...new Set([
      ...stored.filter((each) => each.kind === kind && !each.devices.includes(device)).map(({ id }) => id),
      ...answers.flatMap(({ answer }) =>
        answer.elsewhere.filter((each) => each.kind === kind).map(({ id }) => id),
      ),
    ]),
  ];
  const rule = (name: string, when: Selector, action: Rule["do"]): Rule => ({
    name,
    origin: { kind: "api" },
    when,
    do: action,
    else: "error",
  });
  const [weights, caches] = [away("weight"), away("cache")];
  // What follows its weights comes along with them; everything else has to be told.
  const told = [
    ...new Set(
      answers
        .filter(({ answer }) => answer.elsewhere.length === 0 || !followsHome(plan, answer.decision.rule))
        .map(({ node }) => node.node),
    ),
  ];
  return [
    ...(weights.length === 0
      ? []
      : [
          rule(
            title("weights", weights, device),
            {
              kind: "weight",
              weight: patternFor(
                weights,
                plan.weights.map(({ weight }) => weight),
              ),
            },
            { store: device },
          ),
        ]),
    ...(caches.length === 0
      ? []
      : [
          rule(
            title("caches", caches, device),
            {
              kind: "state",
              state: patternFor(
                caches,
                plan.states.map(({ state }) => state),
              ),
            },
            { store: device },
          ),
        ]),
    ...(told.length === 0
      ? []
      : [
          rule(
            `${title("nodes", told, device)} by rule`,
            {
              kind: "node",
              path:
                allNodes && told.length === nodes.length
                  ? wanted
                  : patternFor(
                      told,
                      plan.nodes.map(({ id }) => id),
                    ),
            },
            { place: device },
          ),
        ]),
  ];
}
