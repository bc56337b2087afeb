import type { Plan, PlanTransfer, PlanVariant } from "../plan/plan.ts";
import type { Box, BoxRange } from "../variants/box.ts";
import { overlap } from "../variants/box.ts";
import { matchById } from "./matchById.ts";
import type {
  LoweringDiff,
  LoweringSide,
  NodeDiff,
  NodeSide,
  TransferDiff,
  VariantDiff,
} from "./planDiff.ts";

interface RunningNode {
  readonly id: string;
  readonly side: NodeSide;
}

const runningNodes = (plan: Plan, variant: PlanVariant): readonly RunningNode[] =>
  variant.nodes.flatMap(({ node, device, kernel, decision }): RunningNode[] => {
    const found = plan.nodes[node];
    if (found === undefined || device === null) return [];
    const rule = variant.decisions[decision]?.rule ?? "";
    return [{ id: found.id, side: { op: found.op, device, kernel: kernel ?? "", rule } }];
  });

function changeOf(a: NodeSide, b: NodeSide): NodeDiff["change"] | undefined {
  if (a.device !== b.device) return "device";
  if (a.op !== b.op) return "operation";
  if (a.kernel !== b.kernel) return "kernel";
  return a.rule === b.rule ? undefined : "rule";
}

const diffNodes = (a: readonly RunningNode[], b: readonly RunningNode[]): readonly NodeDiff[] =>
  matchById(a, b, ({ id }) => id).flatMap((match): NodeDiff[] => {
    const sides = { a: match.a?.side ?? null, b: match.b?.side ?? null };
    const change = sides.a === null ? "added" : sides.b === null ? "removed" : changeOf(sides.a, sides.b);
    return change === undefined ? [] : [{ id: match.id, change, ...sides }];
  });

interface Lowered {
  readonly id: string;
  readonly op: string;
  readonly side: LoweringSide;
}

const loweringsOf = ({ lowerings, decisions }: PlanVariant): readonly Lowered[] =>
  lowerings.map(({ node, op, lowering, decision }) => ({
    id: node,
    op,
    side: { lowering, rule: decisions[decision]?.rule ?? "" },
  }));

const diffLowerings = (a: PlanVariant, b: PlanVariant): readonly LoweringDiff[] =>
  matchById(loweringsOf(a), loweringsOf(b), ({ id }) => id).flatMap((match): LoweringDiff[] => {
    const sides = { a: match.a?.side ?? null, b: match.b?.side ?? null };
    const { op } = (match.a ?? match.b) as Lowered;
    const same = sides.a?.lowering === sides.b?.lowering && sides.a?.rule === sides.b?.rule;
    return same ? [] : [{ id: match.id, op, ...sides }];
  });

const transferKey = ({ value, from, to }: PlanTransfer): string => `${value}\n${from}\n${to}`;

const diffTransfers = (a: PlanVariant, b: PlanVariant): readonly TransferDiff[] =>
  matchById(a.transfers, b.transfers, transferKey).flatMap((match): TransferDiff[] => {
    const { value, from, to } = (match.a ?? match.b) as PlanTransfer;
    const bytes = { a: match.a?.bytes ?? null, b: match.b?.bytes ?? null };
    return bytes.a === bytes.b ? [] : [{ value, from, to, bytes }];
  });

const bytesOf = ({ transfers }: PlanVariant): number => transfers.reduce((sum, { bytes }) => sum + bytes, 0);

const cut = (a: BoxRange, b: BoxRange): BoxRange => ({
  from: Math.max(a.from, b.from),
  below: a.below === null ? b.below : b.below === null ? a.below : Math.min(a.below, b.below),
});

/** The steps that both boxes hold; undefined where there are none. */
export function commonBox(a: Box, b: Box): Box | undefined {
  const dims = Object.keys(a) as (keyof Box)[];
  if (!dims.every((dim) => overlap(a[dim], b[dim]))) return undefined;
  return Object.fromEntries(dims.map((dim) => [dim, cut(a[dim], b[dim])])) as unknown as Box;
}

/** What differs for the steps of a box that variants of both plans serve. */
export function diffVariant(
  plans: { readonly a: Plan; readonly b: Plan },
  { a, b }: { readonly a: PlanVariant; readonly b: PlanVariant },
  box: Box,
): VariantDiff {
  return {
    box,
    variant: { a: a.id, b: b.id },
    splits: { a: a.splits.length, b: b.splits.length },
    transfers: { a: a.transfers.length, b: b.transfers.length },
    transferBytes: { a: bytesOf(a), b: bytesOf(b) },
    nodes: diffNodes(runningNodes(plans.a, a), runningNodes(plans.b, b)),
    lowerings: diffLowerings(a, b),
    copies: diffTransfers(a, b),
  };
}
