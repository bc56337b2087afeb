import type { Plan } from "../plan/plan.ts";
import { describeBox } from "../variants/box.ts";
import { mergeBoxes } from "../variants/merge.ts";

const attentionOps = ["mla_attention", "attention", "latent_attention"] as const;

/** How attention is done in steps of each size, by which rule and why: `mla_attention absorbed for …: rule '…', …`. */
export function attentionLines(plan: Plan): readonly string[] {
  return attentionOps.flatMap((op) => {
    const pieces = plan.variants.flatMap((variant) => {
      const { box, lowerings, decisions } = variant;
      const ways = new Map<string, { readonly lowering: string; readonly rule: string }>();
      for (const each of lowerings) {
        if (each.op !== op) continue;
        const rule = decisions[each.decision]?.rule ?? "";
        ways.set(`${each.lowering} ${rule}`, { lowering: each.lowering, rule });
      }
      return [...ways].map(([key, way]) => ({ box, key, of: [way] }));
    });
    const keys = [...new Set(pieces.map(({ key }) => key))];
    return keys.flatMap((key) =>
      mergeBoxes(pieces.filter((piece) => piece.key === key)).map(({ box, of: [way] }) => {
        const rule = plan.rules.find(({ name }) => name === way?.rule);
        const why = rule?.why === undefined ? "" : `, ${rule.why}`;
        return `${op} ${way?.lowering} for ${describeBox(box)}: rule '${way?.rule}'${why}`;
      }),
    );
  });
}
