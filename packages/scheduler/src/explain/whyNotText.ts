import type { Plan } from "../plan/plan.ts";
import type { Rule } from "../rules/rule.ts";
import { foldExplanations } from "./explain.ts";
import type { Explanation } from "./explainNode.ts";
import { refusalLines } from "./refusalLines.ts";
import { explainTried, nameRule } from "./ruleText.ts";
import { flagFor } from "./suggestRules.ts";
import type { WhyNot, WhyNotAnswer, WhyNotNode, WhyNotStored } from "./whyNot.ts";

function answerLines(plan: Plan, answer: WhyNotAnswer): readonly string[] {
  const { runsOn, decision, verdict, elsewhere } = answer;
  const { device, kernel, planned, refused } = verdict;
  const able =
    kernel === null
      ? `${device} can't run it${refused.length === 0 ? ": it has no kernel for this operation." : ":"}`
      : `${device} could run it, by ${kernel}${planned === true ? ", which is planned" : ""}.`;
  return [
    `It runs on ${runsOn}: ${nameRule(plan, decision.rule)} came first.`,
    ...explainTried(decision),
    able,
    // Kernels that were passed over for a better one say nothing about why not.
    ...(kernel === null ? refusalLines(refused, true).map((line) => `  ${line}.`) : []),
    ...elsewhere.map(
      ({ kind, id, device: home, rule }) =>
        `It reads the ${kind} '${id}', which lives on ${home} by ${nameRule(plan, rule)}.`,
    ),
  ];
}

function nodeLines(plan: Plan, device: string, { state, answers }: WhyNotNode): readonly string[] {
  if (state === "view") return ["It is a view: nothing runs for it anywhere."];
  if (state === "there") return [`It does run on ${device}.`];
  return answers.flatMap(({ variants, answer }) => [
    ...(variants.length === plan.variants.length ? [] : [`In ${variants.join(" and ")}:`]),
    ...answerLines(plan, answer),
  ]);
}

const storedLines = (plan: Plan, device: string, { devices, decision }: WhyNotStored): readonly string[] =>
  devices.includes(device)
    ? [`It does live on ${device}.`]
    : [
        `It lives on ${devices.join(" and ")}: ${nameRule(plan, decision.rule)} came first.`,
        ...explainTried(decision),
      ];

/** A rule as it stands in a file, without what the file says anyway. */
const ruleJson = ({ name, when, do: action }: Rule): string => JSON.stringify({ name, when, do: action });

function rulesText({ device, nodes, stored, rules, impossible }: WhyNot): readonly string[] {
  const several = nodes.length + stored.length > 1;
  const lines: string[] = [];
  if (impossible.length > 0) {
    lines.push(
      several
        ? `No rule can bring ${impossible.length} of them to ${device}, which has no kernel that takes them.`
        : `No rule can bring it to ${device}.`,
    );
  }
  if (rules.length === 0) return lines;
  const flags = rules.map(flagFor);
  lines.push(
    `To have ${several ? "them" : "it"} on ${device}, put in front of the other rules (--rules FILE):`,
    `  {"schema":"tensorplan.rules/1","rules":[`,
    ...rules.map((rule, at) => `    ${ruleJson(rule)}${at === rules.length - 1 ? "" : ","}`),
    "  ]}",
  );
  if (flags.every((flag) => flag !== undefined)) lines.push(`or say ${flags.join(" ")}`);
  return lines;
}

/** Why things aren't on a device, in sentences, and the rules that would bring them there, ready to paste. */
export function whyNotText(plan: Plan, answer: WhyNot): string {
  const { device, nodes, stored } = answer;
  const explanations: readonly Explanation[] = [
    ...nodes.map((node) => ({ id: node.node, what: node.op, lines: nodeLines(plan, device, node) })),
    ...stored.map((thing) => ({ id: thing.id, what: thing.kind, lines: storedLines(plan, device, thing) })),
  ];
  const rules = rulesText(answer);
  return [foldExplanations(explanations), ...(rules.length === 0 ? [] : [rules.join("\n")])].join("\n\n");
}
