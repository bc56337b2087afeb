import { TensorplanError } from "@tensorplan/ir";
import { estimateVariant } from "../cost/estimateStep.ts";
import { phaseStep } from "../cost/stepBindings.ts";
import type { Plan, PlanVariant } from "../plan/plan.ts";
import { formatTime } from "./quantities.ts";
import { textTable } from "./textTable.ts";

/** The variant that a phase means: steps of one token a sequence, or the longest prompts. @throws TensorplanError `plan/no-variant` */
export function variantOfPhase(plan: Plan, phase: "decode" | "prefill"): PlanVariant {
  const found =
    phase === "decode"
      ? plan.variants.find(({ box }) => box.tokensPerSequence.from === 1)
      : plan.variants.reduce<PlanVariant | undefined>(
          (best, variant) =>
            best === undefined || variant.box.tokensPerSequence.from >= best.box.tokensPerSequence.from
              ? variant
              : best,
          undefined,
        );
  if (found !== undefined) return found;
  throw new TensorplanError({
    code: "plan/no-variant",
    message: `the plan has no variant for ${phase}`,
    hint: `its variants are: ${plan.variants.map(({ id }) => id).join(", ")}`,
  });
}

/**
 * One line for each node that runs, in the order of splits: split, device, node, operation, kernel, estimated time and what limits it,
 * rule; copies stand between. Times are those of the step by which the phase is judged.
 */
export function formatPlanTable(plan: Plan, phase: "decode" | "prefill"): string {
  const variant = variantOfPhase(plan, phase);
  const times = estimateVariant(plan, variant, phaseStep(plan, phase));
  const copies = new Map(times.transfers.map(({ id, ns }) => [id, ns]));
  const rows: (readonly string[])[] = [
    ["task", "device", "node", "operation", "kernel", "time", "limit", "rule"],
  ];
  for (const id of variant.order) {
    const transfer = variant.transfers.find((each) => each.id === id);
    if (transfer !== undefined) {
      rows.push([
        id,
        `${transfer.from} > ${transfer.to}`,
        transfer.value,
        "copy",
        `${transfer.formula} bytes`,
        formatTime(copies.get(id) ?? 0),
        "link",
        transfer.rule,
      ]);
    }
    const split = variant.splits.find((each) => each.id === id);
    for (const position of split?.nodes ?? []) {
      const assigned = variant.nodes[position];
      const node = plan.nodes[assigned?.node ?? -1];
      if (assigned === undefined || node === undefined) continue;
      const rule = variant.decisions[assigned.decision]?.rule ?? "";
      const { ns = 0, limit = "none" } = times.nodes[position] ?? {};
      const { device, kernel } = assigned;
      rows.push([id, device ?? "", node.id, node.op, kernel ?? "", formatTime(ns), limit, rule]);
    }
  }
  return textTable(rows, [5]).join("\n");
}
