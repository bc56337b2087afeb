import { TensorplanError } from "@tensorplan/ir";
import type { Plan, PlanVariant } from "../plan/plan.ts";
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

/** One line for each node that runs, in the order of splits: split, device, node, operation, kernel, rule; copies stand between. */
export function formatPlanTable(plan: Plan, phase: "decode" | "prefill"): string {
  const variant = variantOfPhase(plan, phase);
  const rows: (readonly string[])[] = [["task", "device", "node", "operation", "kernel", "rule"]];
  for (const id of variant.order) {
    const transfer = variant.transfers.find((each) => each.id === id);
    if (transfer !== undefined) {
      rows.push([
        id,
        `${transfer.from} > ${transfer.to}`,
        transfer.value,
        "copy",
        `${transfer.formula} bytes`,
        transfer.rule,
      ]);
    }
    const split = variant.splits.find((each) => each.id === id);
    for (const position of split?.nodes ?? []) {
      const assigned = variant.nodes[position];
      const node = plan.nodes[assigned?.node ?? -1];
      if (assigned === undefined || node === undefined) continue;
      const rule = variant.decisions[assigned.decision]?.rule ?? "";
      rows.push([id, assigned.device ?? "", node.id, node.op, assigned.kernel ?? "", rule]);
    }
  }
  return textTable(rows).join("\n");
}
