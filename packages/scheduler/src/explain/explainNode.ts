import { TensorplanError } from "@tensorplan/ir";
import type { Plan, PlanAssignment, PlanNode, PlanVariant } from "../plan/plan.ts";
import type { Decision } from "../rules/ruleBook.ts";
import { describeBox } from "../variants/box.ts";
import { explainStored } from "./explainStored.ts";
import { explainTried, nameRule } from "./ruleText.ts";

const find = (plan: Plan, variant: PlanVariant, id: string) => {
  for (const assigned of variant.nodes) {
    const node = plan.nodes[assigned.node];
    if (node?.id === id) return { assigned, node };
  }
  return undefined;
};

function explainVerdicts(plan: Plan, { eligibility }: PlanAssignment): readonly string[] {
  return (plan.eligibility[eligibility]?.devices ?? []).flatMap(({ device, kernel, planned, refused }) => [
    kernel === null
      ? `  ${device} has no kernel for it${refused.length === 0 ? "" : ":"}`
      : `  ${device} could run it by ${kernel}${planned === true ? ", which is planned" : ""}${refused.length === 0 ? "." : ", and before it tried:"}`,
    ...refused.map(({ kernel: other, why }) => `    not ${other}: ${why}.`),
  ]);
}

function explainCopies(plan: Plan, variant: PlanVariant, node: PlanNode): readonly string[] {
  const own = new Set(
    Object.keys(node.outputs).map((name) => (name === "out" ? node.id : `${node.id}:${name}`)),
  );
  return variant.transfers.flatMap((transfer) => {
    const { value, from, to, formula, bytes, consumers, rule } = transfer;
    const size = `${formula} bytes, at most ${bytes}`;
    if (consumers.includes(node.id))
      return [
        `  It reads '${value}', which is copied from ${from} to ${to} (${size}) by ${nameRule(plan, rule)}.`,
      ];
    return own.has(value)
      ? [`  Its value '${value}' is copied from ${from} to ${to} (${size}) for ${consumers.join(", ")}.`]
      : [];
  });
}

function explainAssigned(
  plan: Plan,
  variant: PlanVariant,
  node: PlanNode,
  assigned: PlanAssignment,
): readonly string[] {
  if (assigned.device === null) {
    const [operand] = Object.values(node.inputs);
    return [`It is a view: its bytes are those of '${operand}', and nothing runs.`];
  }
  const decision = variant.decisions[assigned.decision] as Decision;
  const split = variant.splits.find(({ nodes }) => nodes.some((at) => variant.nodes[at] === assigned));
  return [
    `It runs on ${assigned.device} by the kernel ${assigned.kernel}, in split ${split?.id}, because of ${nameRule(plan, decision.rule)}.`,
    ...explainTried(decision),
    ...explainVerdicts(plan, assigned),
    ...explainCopies(plan, variant, node),
  ];
}

function explainIn(plan: Plan, variant: PlanVariant, id: string): readonly string[] | undefined {
  const lowered = variant.lowerings.find(({ node }) => node === id);
  const found = find(plan, variant, id);
  if (lowered === undefined && found === undefined) return undefined;
  const lines: string[] = [];
  if (lowered !== undefined) {
    const decision = variant.decisions[lowered.decision] as Decision;
    lines.push(
      `${lowered.op} is done as '${lowered.lowering}', because of ${nameRule(plan, decision.rule)}.`,
      ...explainTried(decision),
    );
    if (found === undefined) {
      const parts = variant.nodes.flatMap(({ node }) => {
        const part = plan.nodes[node];
        return part?.id.startsWith(`${id}.`) === true ? [part.id] : [];
      });
      lines.push(`Its parts: ${parts.join(", ")}.`);
    }
  }
  if (found !== undefined) {
    const { node, assigned } = found;
    if (node.origin !== undefined) lines.push(`It was made by ${node.origin}.`);
    lines.push(...explainAssigned(plan, variant, node, assigned));
  }
  return lines;
}

const weightsOf = (plan: Plan, id: string): readonly string[] => {
  const stored = new Set([
    ...plan.weights.map(({ weight }) => weight),
    ...plan.states.map(({ state }) => state),
  ]);
  const read = plan.nodes
    .filter((node) => node.id === id || node.id.startsWith(`${id}.`))
    .flatMap(({ inputs }) => Object.values(inputs));
  return [...new Set(read)].filter((value) => stored.has(value));
};

/**
 * Why a node is where it is, in sentences: for each kind of step the device, kernel and rule, the rules before it and the devices'
 * verdicts, the copies that it causes, and where its weights live. A weight's or cache's name explains where that lives.
 *
 * @throws TensorplanError `explain/unknown`, with names that are close
 */
export function explainNode(plan: Plan, id: string): string {
  const stored = explainStored(plan, id);
  if (stored !== undefined) return [id, ...stored].join("\n");
  const texts = plan.variants.flatMap((variant) => {
    const lines = explainIn(plan, variant, id);
    return lines === undefined ? [] : [{ variant, text: lines.join("\n") }];
  });
  if (texts.length === 0) throw unknownName(plan, id);
  const node = plan.nodes.find((each) => each.id === id);
  // Variants that say the same are said together.
  const distinct = [...new Set(texts.map(({ text }) => text))];
  const sections = distinct.map((text) => {
    const same = texts
      .filter((each) => each.text === text)
      .map(({ variant }) => `${variant.id} (${describeBox(variant.box)})`);
    return distinct.length === 1 && same.length === plan.variants.length
      ? text
      : `In ${same.join(" and ")}:\n${text}`;
  });
  return [
    node === undefined ? id : `${node.op} '${id}'`,
    ...sections,
    ...weightsOf(plan, id).flatMap((name) => explainStored(plan, name) ?? []),
  ].join("\n");
}

function unknownName(plan: Plan, id: string): TensorplanError {
  const names = [
    ...plan.nodes.map((node) => node.id),
    ...plan.weights.map(({ weight }) => weight),
    ...plan.states.map(({ state }) => state),
  ];
  const last = id.split(".").at(-1) ?? id;
  const near = names.filter((name) => name.includes(id) || name.endsWith(`.${last}`)).slice(0, 5);
  return new TensorplanError({
    code: "explain/unknown",
    message: `the plan has no node, weight or cache '${id}'`,
    hint: near.length > 0 ? `did you mean ${near.join(", ")}?` : "`tensorplan plan` lists all nodes",
  });
}
