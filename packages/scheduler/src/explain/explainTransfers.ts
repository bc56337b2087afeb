import type { Plan, PlanTransfer, PlanVariant } from "../plan/plan.ts";
import { chooseVariants, type VariantChoice } from "./chooseVariants.ts";
import { foldNames, maskLayers } from "./layerNames.ts";
import { formatBytes } from "./quantities.ts";
import { nameRule } from "./ruleText.ts";
import { makerOf, variantFacts } from "./variantFacts.ts";

/** A node at one end of a copy, and the rule that put it where it is. */
interface CopyEnd {
  readonly node: string;
  readonly rule: string;
}

/** Copies of a step that are alike but for their layers. */
export interface TransferGroup {
  readonly transfers: readonly PlanTransfer[];
  readonly kind: PlanTransfer["kind"];
  readonly from: string;
  readonly to: string;
  /** Bytes of one copy, and of all at the variant's largest step. */
  readonly formula: string;
  readonly bytes: number;
  readonly totalBytes: number;
  /** Nodes that make the values; of streams the weights, and the rules that store them. */
  readonly madeBy: readonly CopyEnd[];
  readonly neededBy: readonly CopyEnd[];
  /** The rule that allows the copies. */
  readonly allowedBy: string;
}

export interface VariantTransfers {
  readonly variant: string;
  readonly groups: readonly TransferGroup[];
  readonly count: number;
  readonly totalBytes: number;
}

const endOf = (plan: Plan, variant: PlanVariant, node: string): CopyEnd => {
  const assigned = variantFacts(plan, variant).nodes.get(node)?.assigned;
  // Weights that are brought for a step are made by nobody: they are stored.
  const stored = plan.weights.find(({ weight }) => weight === node);
  if (assigned === undefined && stored !== undefined) return { node, rule: stored.decision.rule };
  return { node, rule: variant.decisions[assigned?.decision ?? -1]?.rule ?? "" };
};

const makerEnd = (plan: Plan, variant: PlanVariant, { kind, value }: PlanTransfer): CopyEnd => {
  if (kind === "activation") return endOf(plan, variant, makerOf(value));
  const home = plan.weights.find(({ weight }) => weight === value)?.decision;
  return { node: value, rule: home?.rule ?? "" };
};

function groupsOf(plan: Plan, variant: PlanVariant): readonly TransferGroup[] {
  const groups = new Map<string, PlanTransfer[]>();
  for (const transfer of variant.transfers) {
    const { kind, value, from, to, formula, consumers, rule } = transfer;
    const ends = [
      makerEnd(plan, variant, transfer).rule,
      ...consumers.map((node) => endOf(plan, variant, node).rule),
    ];
    const key = JSON.stringify([
      kind,
      maskLayers(value),
      from,
      to,
      formula,
      consumers.map(maskLayers),
      ends,
      rule,
    ]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [transfer]);
    else group.push(transfer);
  }
  return [...groups.values()].map((transfers): TransferGroup => {
    const [{ kind, from, to, formula, bytes, rule }] = transfers as [PlanTransfer, ...PlanTransfer[]];
    return {
      transfers,
      kind,
      from,
      to,
      formula,
      bytes,
      totalBytes: transfers.reduce((sum, each) => sum + each.bytes, 0),
      madeBy: transfers.map((transfer) => makerEnd(plan, variant, transfer)),
      neededBy: transfers.flatMap(({ consumers }) => consumers.map((node) => endOf(plan, variant, node))),
      allowedBy: rule,
    };
  });
}

/** Every copy of a step, those of repeated layers together. @throws TensorplanError `plan/no-variant` */
export const explainTransfers = (plan: Plan, choice: VariantChoice = {}): readonly VariantTransfers[] =>
  chooseVariants(plan, choice).map((variant) => ({
    variant: variant.id,
    groups: groupsOf(plan, variant),
    count: variant.transfers.length,
    totalBytes: variant.transfers.reduce((sum, { bytes }) => sum + bytes, 0),
  }));

/** Ends of copies by the rule that put them there: `blk.*.ffn.out (layers 1–5), by rule 'x'`. */
function endsText(plan: Plan, ends: readonly CopyEnd[]): string {
  const byRule = new Map<string, string[]>();
  for (const { node, rule } of ends) byRule.set(rule, [...(byRule.get(rule) ?? []), node]);
  return [...byRule]
    .map(([rule, nodes]) => {
      // What a step is given is put there by no rule.
      const why = rule === "" ? "which the caller brings" : `put there by ${nameRule(plan, rule)}`;
      return `${foldNames(nodes).join(", ")}, ${why}`;
    })
    .join("; ");
}

function groupText(plan: Plan, group: TransferGroup): readonly string[] {
  const { transfers, kind, from, to, formula, bytes, totalBytes, madeBy, neededBy, allowedBy } = group;
  const [first] = transfers as [PlanTransfer, ...PlanTransfer[]];
  const several = transfers.length > 1;
  const values = several
    ? `${transfers.length} copies of ${foldNames(transfers.map(({ value }) => value)).join(", ")}`
    : `a copy of ${first.value}`;
  const size = several
    ? `${formula} bytes each, at most ${formatBytes(bytes)}, ${formatBytes(totalBytes)} in all`
    : `${formula} bytes, at most ${formatBytes(bytes)}`;
  return [
    `  ${from} > ${to}: ${values}: ${size}`,
    kind === "stream"
      ? `    lives on ${from}: ${endsText(plan, madeBy)}`
      : `    made on ${from} by ${endsText(plan, madeBy)}`,
    `    needed on ${to} by ${endsText(plan, neededBy)}`,
    `    allowed by ${nameRule(plan, allowedBy)}`,
  ];
}

/** The copies of a step in sentences. */
export const transfersText = (plan: Plan, answers: readonly VariantTransfers[]): string =>
  answers
    .map(({ variant, groups, count, totalBytes }) =>
      count === 0
        ? `${variant}: nothing is copied`
        : [
            `${variant}: ${count} ${count === 1 ? "copy" : "copies"}, at most ${formatBytes(totalBytes)} in one step`,
            ...groups.flatMap((group) => groupText(plan, group)),
          ].join("\n"),
    )
    .join("\n\n");
