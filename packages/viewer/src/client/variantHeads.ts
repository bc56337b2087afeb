import type { ViewDocument, ViewVariant } from "../document/viewDocument.ts";
import { counted, formatBytes, formatTime } from "./format.ts";
import { html, type Markup } from "./html.ts";

function facts(variant: ViewVariant): string {
  const bytes = variant.transfers.reduce((sum, transfer) => sum + transfer.bytes, 0);
  return [
    ...(variant.time === null
      ? []
      : [`${formatTime(variant.time.totalNs)} for ${counted(variant.time.tokens, "token")}`]),
    counted(variant.splits.length, "split"),
    variant.transfers.length === 0
      ? "no copies"
      : `${counted(variant.transfers.length, "copy", "copies")}, up to ${formatBytes(bytes)}`,
  ].join(" · ");
}

/** Heads of the columns: which variant each shows, and what it amounts to. */
export const variantHeads = (doc: ViewDocument, shown: readonly ViewVariant[]): Markup =>
  html`<div class="name">Node</div>${shown.map(
    (variant, column) =>
      html`<div class="head"><select data-column="${column}" aria-label="Steps shown in column ${column + 1}">${doc.variants.map(
        (each, index) =>
          html`<option value="${index}"${each === variant && html` selected`}>${each.id}</option>`,
      )}</select><span class="steps">${variant.steps}</span><span class="facts">${facts(variant)}</span></div>`,
  )}`;

/** Decode and the longest prefill side by side; one column where the plan has one variant. */
export function firstShown({ variants }: ViewDocument): readonly ViewVariant[] {
  const decode = variants.find(({ id }) => id.startsWith("decode")) ?? variants[0];
  const prefill = variants.findLast(({ id }) => id.startsWith("prefill")) ?? variants.at(-1);
  if (decode === undefined || prefill === undefined || decode === prefill) return variants.slice(0, 1);
  return [decode, prefill];
}
