import type { Plan, PlanVariant } from "../plan/plan.ts";
import type { Decision } from "../rules/ruleBook.ts";
import { describeBox } from "../variants/box.ts";
import { explainStored } from "./explainStored.ts";
import { refusalLines } from "./refusalLines.ts";
import { explainTried, nameRule } from "./ruleText.ts";
import { storedRules } from "./storedRules.ts";
import { type NodeFacts, variantFacts } from "./variantFacts.ts";

/** What each device could do; devices that say the same are one answer. */
function explainVerdicts(plan: Plan, { assigned }: NodeFacts): readonly string[] {
  const devices = plan.eligibility[assigned.eligibility]?.devices ?? [];
  const groups = new Map<string, { readonly names: string[]; readonly lines: readonly string[] }>();
  for (const { device, kernel, planned, refused } of devices) {
    const lines = [
      kernel === null
        ? `can't run it${refused.length === 0 ? ": there is no kernel." : ":"}`
        : `could run it by ${kernel}${planned === true ? ", which is planned" : ""}${refused.length === 0 ? "." : ", and before it tried:"}`,
      ...refusalLines(refused).map((line) => `    not ${line}.`),
    ];
    const group = groups.get(lines.join("\n"));
    if (group === undefined) groups.set(lines.join("\n"), { names: [device], lines });
    else group.names.push(device);
  }
  return [...groups.values()].flatMap(({ names, lines: [first = "", ...more] }) => [
    `  ${names.join(" and ")} ${first}`,
    ...more,
  ]);
}

function explainCopies(plan: Plan, variant: PlanVariant, id: string): readonly string[] {
  const { copiesFor, copiesOf } = variantFacts(plan, variant);
  const size = (formula: string, bytes: number) => `${formula} bytes, at most ${bytes}`;
  return [
    ...(copiesFor.get(id) ?? []).map(({ kind, value, from, to, formula, bytes, rule }) =>
      kind === "stream"
        ? `  Its weight '${value}' is copied from ${from} to ${to} in each step (${formula} bytes) by ${nameRule(plan, rule)}.`
        : `  It reads '${value}', which is copied from ${from} to ${to} (${size(formula, bytes)}) by ${nameRule(plan, rule)}.`,
    ),
    ...(copiesOf.get(id) ?? []).map(
      ({ value, from, to, formula, bytes, consumers }) =>
        `  Its value '${value}' is copied from ${from} to ${to} (${size(formula, bytes)}) for ${consumers.join(", ")}.`,
    ),
  ];
}

function explainAssigned(plan: Plan, variant: PlanVariant, facts: NodeFacts): readonly string[] {
  const { node, assigned, split } = facts;
  if (assigned.device === null) {
    const [operand] = Object.values(node.inputs);
    return [`It is a view: its bytes are those of '${operand}', and nothing runs.`];
  }
  const decision = variant.decisions[assigned.decision] as Decision;
  return [
    `It runs on ${assigned.device} by the kernel ${assigned.kernel}, in split ${split?.id}, because of ${nameRule(plan, decision.rule)}${decision.why === undefined ? "" : `: ${decision.why}`}.`,
    ...explainTried(decision),
    ...explainVerdicts(plan, facts),
    ...explainCopies(plan, variant, node.id),
  ];
}

function explainIn(plan: Plan, variant: PlanVariant, id: string): readonly string[] | undefined {
  const facts = variantFacts(plan, variant);
  const lowered = facts.lowerings.get(id);
  const found = facts.nodes.get(id);
  if (lowered === undefined && found === undefined) return undefined;
  const lines: string[] = [];
  if (lowered !== undefined) {
    const decision = variant.decisions[lowered.decision] as Decision;
    lines.push(
      `${lowered.op} is done as '${lowered.lowering}', because of ${nameRule(plan, decision.rule)}.`,
      ...explainTried(decision),
    );
    if (found === undefined) lines.push(`Its parts: ${facts.partsOf(id).join(", ")}.`);
  }
  if (found !== undefined) {
    if (found.node.origin !== undefined) lines.push(`It was made by ${found.node.origin}.`);
    lines.push(...explainAssigned(plan, variant, found));
  }
  return lines;
}

/** Weights and caches that a node or a composite's parts read. */
export function storedOf(plan: Plan, variants: readonly PlanVariant[], id: string): readonly string[] {
  const stored = storedRules(plan);
  const read = variants.flatMap((variant) => {
    const { nodes, partsOf, rootOf } = variantFacts(plan, variant);
    return [id, ...partsOf(id)].flatMap((each) =>
      Object.values(nodes.get(each)?.node.inputs ?? {}).map(rootOf),
    );
  });
  return [...new Set(read)].filter((value) => stored.has(value));
}

/** What there is to say of one node or stored thing. */
export interface Explanation {
  readonly id: string;
  /** The operation; `weight` or `cache` for stored things. */
  readonly what: string;
  readonly lines: readonly string[];
}

/** Where a weight or cache lives and why. */
export const explainThing = (plan: Plan, id: string, what: "weight" | "cache"): Explanation => ({
  id,
  what,
  lines: explainStored(plan, id) ?? [],
});

/**
 * Why a node is where it is, in sentences: for each kind of step the device, kernel and rule, the rules before it and the devices'
 * verdicts, the copies that it causes, and where its weights live.
 */
export function explainNode(plan: Plan, id: string, variants: readonly PlanVariant[]): Explanation {
  const texts = variants.flatMap((variant) => {
    const lines = explainIn(plan, variant, id);
    return lines === undefined ? [] : [{ variant, text: lines.join("\n") }];
  });
  const [first] = variants.flatMap((variant) => {
    const { nodes, lowerings } = variantFacts(plan, variant);
    return nodes.get(id)?.node.op ?? lowerings.get(id)?.op ?? [];
  });
  // Variants that say the same are said together.
  const distinct = [...new Set(texts.map(({ text }) => text))];
  const sections = distinct.flatMap((text) => {
    const same = texts
      .filter((each) => each.text === text)
      .map(({ variant }) => `${variant.id} (${describeBox(variant.box)})`);
    const everywhere = distinct.length === 1 && same.length === plan.variants.length;
    return [...(everywhere ? [] : [`In ${same.join(" and ")}:`]), ...text.split("\n")];
  });
  const stored = storedOf(plan, variants, id).flatMap((name) => explainStored(plan, name) ?? []);
  return { id, what: first ?? "", lines: [...sections, ...stored] };
}
