import { counted } from "./format.ts";
import { html, type Markup } from "./html.ts";
import type { PlanModel } from "./planModel.ts";

/** How many nodes and lowerings of all variants each rule decided. */
function decisionCounts({ doc }: PlanModel): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  const add = (rule: number | undefined) => {
    if (rule !== undefined && rule >= 0) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  };
  for (const variant of doc.variants) {
    for (const decision of variant.decision) add(variant.decisions[decision]?.rule);
    for (const { decision } of variant.lowerings) add(variant.decisions[decision]?.rule);
  }
  for (const { rule } of [...doc.weights, ...doc.states]) add(rule);
  return counts;
}

/** The rules in their order, with what each decided, and the plan's warnings: shown while no node is selected. */
export function overview(model: PlanModel): Markup {
  const { doc } = model;
  const counts = decisionCounts(model);
  return html`<h2>Where weights and caches live</h2><div data-residence></div><div data-stored></div>
${doc.warnings.length > 0 && html`<h2>Warnings</h2><ul class="warnings">${doc.warnings.map((text) => html`<li>${text}</li>`)}</ul>`}
<h2>Rules <span class="dim">the first that matches decides</span></h2>
<ol class="rules">${doc.rules.map(({ name, origin, why }, index) => {
    const n = counts.get(index) ?? 0;
    return html`<li class="${n === 0 ? "idle" : ""}"><div class="line"><button type="button" class="link" data-query="${name}">${name}</button><span class="origin">${origin}</span><span class="decisions">${n === 0 ? "decides nothing" : counted(n, "decision")}</span></div>${why !== "" && html`<span class="why">${why}</span>`}</li>`;
  })}</ol>`;
}
