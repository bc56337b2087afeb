import type { ViewStored, ViewVariant } from "../document/viewDocument.ts";
import { counted, deviceColour, formatBytes, formatTime } from "./format.ts";
import { html, type Markup } from "./html.ts";
import type { PlanModel } from "./planModel.ts";

const chip = (model: PlanModel, device: number): Markup =>
  html`<span class="chip" style="--device:${deviceColour(device)}">${model.doc.devices[device]?.id ?? "?"}</span>`;

function ruleText(model: PlanModel, rule: number): Markup {
  const { name, origin, why } = model.doc.rules[rule] ?? { name: "?", origin: "", why: "" };
  return html`<b class="rule">${name}</b> <span class="origin">${origin}</span>${why !== "" && html`<span class="why">${why}</span>`}`;
}

function decisionMarkup(model: PlanModel, variant: ViewVariant, index: number): Markup {
  const decision = variant.decisions[index];
  if (decision === undefined) return html``;
  const tried = decision.tried.map(
    (each) =>
      html`<li class="${each.refused ? "refused" : "passed"}"><b>${model.ruleName(each.rule)}</b> ${each.refused ? "could not be obeyed" : "does not apply"}: ${each.why}</li>`,
  );
  return html`<p class="decided">${ruleText(model, decision.rule)}</p>${
    tried.length > 0 &&
    html`<details><summary>${counted(tried.length, "rule")} asked before</summary><ol class="tried">${tried}</ol></details>`
  }`;
}

function verdictMarkup(model: PlanModel, variant: ViewVariant, row: number): Markup {
  const verdicts = model.doc.eligibility[variant.eligibility[row] ?? -1] ?? [];
  return html`<ul class="verdicts">${verdicts.map(({ device, kernel, planned, refused }) => {
    const can = kernel >= 0;
    return html`<li class="${can ? "can" : "cannot"}">${chip(model, device)} ${
      can
        ? html`could run it by <code>${model.doc.kernels[kernel] ?? ""}</code>${planned && " (planned)"}`
        : "has no kernel for it"
    }${
      refused.length > 0 &&
      html`<details><summary>${counted(refused.length, "kernel")} tried before</summary><ul>${refused.map((each) => html`<li>not <code>${each.kernel}</code>: ${each.why}</li>`)}</ul></details>`
    }</li>`;
  })}</ul>`;
}

const storedByName = new WeakMap<PlanModel, ReadonlyMap<string, ViewStored>>();

function storedIn(model: PlanModel): ReadonlyMap<string, ViewStored> {
  let byName = storedByName.get(model);
  if (byName === undefined) {
    byName = new Map([...model.doc.weights, ...model.doc.states].map((each) => [each.name, each]));
    storedByName.set(model, byName);
  }
  return byName;
}

export function storedMarkup(model: PlanModel, { dtype, shape, copies, rule }: ViewStored): Markup {
  return html`<div class="stored"><code>${dtype}[${shape.join(", ")}]</code>${copies.map(
    ({ device, layout, bytes }) => html` ${chip(model, device)} ${layout}, ${formatBytes(bytes)}`,
  )}<p class="decided">${ruleText(model, rule)}</p></div>`;
}

function operandMarkup(model: PlanModel, variant: ViewVariant, row: number): Markup {
  const operands = variant.operands[row] ?? [];
  const lines: Markup[] = [];
  for (let i = 0; i < operands.length; i += 2) {
    const [name = "", value = ""] = operands.slice(i, i + 2);
    const root = variant.views[value] ?? value;
    const maker = model.producer(value, variant);
    const kept = storedIn(model).get(root);
    const link =
      maker >= 0
        ? html`<button type="button" class="link" data-row="${maker}">${value}</button>`
        : html`<span>${value}</span>`;
    lines.push(
      html`<dt>${name}</dt><dd>${link}${root !== value && html` <span class="dim">view of ${root}</span>`}${kept !== undefined && storedMarkup(model, kept)}</dd>`,
    );
  }
  return html`<dl>${lines}</dl>`;
}

function copyMarkup(model: PlanModel, variant: ViewVariant, row: number): Markup | false {
  const id = model.doc.rows.id[row] ?? "";
  const into = variant.transfers.filter(({ consumers }) => consumers.includes(id));
  const out = variant.transfers.filter(({ source }) => source === row);
  if (into.length + out.length === 0) return false;
  const line = (verb: string) => (transfer: ViewVariant["transfers"][number]) =>
    html`<li>${verb} <code>${transfer.value}</code> ${chip(model, transfer.from)} → ${chip(model, transfer.to)} <b>${formatBytes(transfer.bytes)}</b> at most <span class="dim">(${transfer.formula} bytes, by ‘${model.ruleName(transfer.rule)}’)</span></li>`;
  return html`<h4>Copies</h4><ul class="copies">${into.map(line("reads"))}${out.map(line("sends"))}</ul>`;
}

function loweringMarkup(model: PlanModel, variant: ViewVariant, id: string): Markup | false {
  const found = variant.lowerings.filter(({ node }) => id === node || id.startsWith(`${node}.`)).at(-1);
  if (found === undefined) return false;
  return html`<h4>Part of ${found.node}</h4><p>${found.op} is done as <b>${found.lowering}</b>:</p>${decisionMarkup(model, variant, found.decision)}`;
}

function inVariant(model: PlanModel, variant: ViewVariant, row: number): Markup {
  const id = model.doc.rows.id[row] ?? "";
  const device = variant.device[row] ?? -1;
  const head = html`<h3>${variant.id} <span class="dim">${variant.steps}</span></h3>`;
  if (device < 0)
    return html`<section>${head}<p class="dim">There is no such node in these steps.</p></section>`;
  const outputs = variant.outputs[row] ?? [];
  const ns = variant.time?.ns[row];
  return html`<section>${head}
<p class="where">${chip(model, device)} <code>${model.doc.kernels[variant.kernel[row] ?? -1] ?? ""}</code> in split <b>${variant.splits[variant.split[row] ?? -1]?.id ?? "?"}</b>${ns !== undefined && html`, about <b>${formatTime(ns)}</b>`}</p>
<h4>Because of</h4>${decisionMarkup(model, variant, variant.decision[row] ?? -1)}
${loweringMarkup(model, variant, id)}
<h4>What each device could do</h4>${verdictMarkup(model, variant, row)}
${copyMarkup(model, variant, row)}
<h4>Reads</h4>${operandMarkup(model, variant, row)}
<h4>Makes</h4><dl>${outputs.map((text, i) => (i % 2 === 0 ? html`<dt>${text}</dt>` : html`<dd><code>${text}</code></dd>`))}</dl>
</section>`;
}

/** Why a node runs where it runs, for each variant that is shown. */
export function provenance(model: PlanModel, variants: readonly ViewVariant[], row: number): Markup {
  const id = model.doc.rows.id[row] ?? "";
  const op = model.doc.ops[model.doc.rows.op[row] ?? -1] ?? "";
  return html`<header><h2>${id}</h2><span class="op">${op}</span><button type="button" class="close" data-close aria-label="Close">×</button></header>${variants.map((variant) => inVariant(model, variant, row))}`;
}
