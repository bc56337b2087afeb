import type { Plan } from "../plan/plan.ts";
import type { SplitBoundary, SplitEnd, VariantSplits } from "./explainSplits.ts";
import { maskLayers, printLayers } from "./layerNames.ts";
import { nameRule } from "./ruleText.ts";

/** `by rule 'x' (…); its weight 'w' is stored there by rule 'y' (…)`. */
function reason(plan: Plan, { rule, stored, device }: SplitEnd): string {
  const rules = [...new Set(stored.map((each) => each.rule))].map((name) => nameRule(plan, name));
  const homes = rules.length === 0 ? "" : `; what it reads is stored on ${device} by ${rules.join(" and ")}`;
  return `${nameRule(plan, rule)}${homes}`;
}

function causeLines(plan: Plan, { device, cause }: SplitBoundary): readonly string[] {
  if (cause.kind === "start") return ["the step begins"];
  const { node } = cause;
  if (cause.kind === "weight") {
    return [
      `${node.node} runs on ${device}, and its weight ${cause.value} is copied there from ${cause.from} in each step`,
      `  ${reason(plan, node)}`,
    ];
  }
  if (cause.kind === "free") {
    return [
      `${node.node} runs on ${device} and needs nothing from another device`,
      `  by ${reason(plan, node)}`,
    ];
  }
  return [
    `${node.node} runs on ${device} and reads ${cause.value}, which ${cause.made.device} makes`,
    `  ${node.node}: ${reason(plan, node)}`,
    `  ${cause.made.node}: ${reason(plan, cause.made)}`,
  ];
}

interface Group {
  readonly boundaries: SplitBoundary[];
  readonly lines: readonly string[];
}

/** Splits that begin for the same reason in every layer are one group. */
function groupsOf(plan: Plan, boundaries: readonly SplitBoundary[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const boundary of boundaries) {
    const lines = causeLines(plan, boundary);
    const key = maskLayers([boundary.after, boundary.device, ...lines].join("\n"));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { boundaries: [boundary], lines });
    else group.boundaries.push(boundary);
  }
  return [...groups.values()];
}

const nodesOf = ({ cause }: SplitBoundary): readonly string[] =>
  cause.kind === "start" ? [] : [cause.node.node];

function groupText({ boundaries, lines }: Group): readonly string[] {
  const [{ after, device }] = boundaries as [SplitBoundary, ...SplitBoundary[]];
  const crossing = after === null ? device : `${after} > ${device}`;
  const several = boundaries.length > 1;
  const layers = several ? printLayers(boundaries.flatMap(nodesOf)) : undefined;
  const [first = "", ...more] = several ? lines.map(maskLayers) : lines;
  return [
    `  ${String(boundaries.length).padStart(3)}  ${crossing}${layers === undefined ? "" : `, ${layers}`}: ${first}`,
    ...more.map((line) => `       ${line}`),
  ];
}

/** The boundaries of a step in sentences, each line with the number of splits that begin so; the numbers add up to all splits. */
export const splitsText = (plan: Plan, answers: readonly VariantSplits[]): string =>
  answers
    .map(({ variant, boundaries }) =>
      [
        `${variant}: ${boundaries.length} ${boundaries.length === 1 ? "split" : "splits"}`,
        ...groupsOf(plan, boundaries).flatMap(groupText),
      ].join("\n"),
    )
    .join("\n\n");
