import type { ViewTransfer, ViewVariant } from "../document/viewDocument.ts";
import { counted, deviceColour, formatBytes, formatTime } from "./format.ts";
import { html, type Markup, marked } from "./html.ts";
import { laneX } from "./lanes.ts";
import type { Outline } from "./outline.ts";
import type { PlanModel } from "./planModel.ts";

export interface RowState {
  readonly active: boolean;
  readonly selected: boolean;
  readonly query: string;
  /** Rows found by the search. */
  readonly hits: ReadonlySet<number>;
}

/** Where a row's devices show as dots in the lanes. */
const dot = (device: number, size: number): Markup =>
  html`<i class="dot" style="left:${laneX(device)}px;--size:${size}px;--device:${deviceColour(device)}"></i>`;

const copiesText = (copies: readonly ViewTransfer[]): string => {
  const bytes = copies.reduce((sum, copy) => sum + copy.bytes, 0);
  return copies.length === 1 ? formatBytes(bytes) : `${copies.length} copies, ${formatBytes(bytes)}`;
};

const copyBadge = (copies: readonly ViewTransfer[], model: PlanModel): Markup | false => {
  const [first] = copies;
  if (first === undefined) return false;
  const ways = [
    ...new Set(
      copies.map(({ from, to }) => `${model.doc.devices[from]?.id} to ${model.doc.devices[to]?.id}`),
    ),
  ];
  return html`<span class="badge" style="--device:${deviceColour(first.from)}" title="copied ${ways.join(", ")}">⇣ ${copiesText(copies)}</span>`;
};

function nodeCell(model: PlanModel, variant: ViewVariant, row: number, query: string): Markup {
  const device = variant.device[row] ?? -1;
  if (device < 0)
    return html`<div class="cell absent" title="not in ${variant.id}"><span class="facts">·</span></div>`;
  const kernel = model.doc.kernels[variant.kernel[row] ?? -1] ?? "";
  const ns = variant.time?.ns[row];
  return html`<div class="cell">${dot(device, 9)}<span class="facts">${copyBadge(model.copiesInto(variant, row), model)}<span class="kernel">${marked(kernel, query)}</span>${ns !== undefined && html`<span class="time">${formatTime(ns)}</span>`}</span></div>`;
}

/** Devices of a group's nodes in their order, as a strip. */
function strip(
  variant: ViewVariant,
  first: number,
  count: number,
): { readonly bar: Markup; readonly nodes: number; readonly shares: ReadonlyMap<number, number> } {
  const runs: { device: number; n: number }[] = [];
  const shares = new Map<number, number>();
  let nodes = 0;
  for (let row = first; row < first + count; row++) {
    const device = variant.device[row] ?? -1;
    if (device < 0) continue;
    nodes++;
    shares.set(device, (shares.get(device) ?? 0) + 1);
    const last = runs.at(-1);
    if (last?.device === device) last.n++;
    else runs.push({ device, n: 1 });
  }
  // A layer that changes devices at every node would need more pieces than it has pixels.
  const shown = runs.length > 48 ? [...shares].map(([device, n]) => ({ device, n })) : runs;
  const bar = html`<span class="strip">${shown.map(({ device, n }) => html`<i style="flex:${n};background:${deviceColour(device)}"></i>`)}</span>`;
  return { bar, nodes, shares };
}

function groupCell(model: PlanModel, variant: ViewVariant, group: number, open: boolean): Markup {
  const { first, count } = model.doc.groups[group] ?? { first: 0, count: 0 };
  const { bar, nodes, shares } = strip(variant, first, count);
  if (nodes === 0) return html`<div class="cell absent"></div>`;
  const copies: ViewTransfer[] = [];
  let ns = 0;
  for (let row = first; row < first + count; row++) {
    copies.push(...model.copiesInto(variant, row));
    ns += variant.time?.ns[row] ?? 0;
  }
  const dots = open ? [] : [...shares].map(([device, n]) => dot(device, n * 2 > nodes ? 13 : 9));
  return html`<div class="cell">${dots}<span class="facts">${bar}${copyBadge(copies, model)}<span class="kernel">${counted(nodes, "node")}</span>${variant.time !== null && html`<span class="time">${formatTime(ns)}</span>`}</span></div>`;
}

const layerPrefix = /^blk\.\d+\./;

/** One line of the list: a group's head or a node, with a cell for each variant shown. */
export function rowMarkup(
  model: PlanModel,
  outline: Outline,
  position: number,
  variants: readonly ViewVariant[],
  state: RowState,
): Markup {
  const entry = outline.at(position);
  if (entry === undefined) return html``;
  const flags = `${state.active ? " active" : ""}${state.selected ? " selected" : ""}`;
  const common = html`id="row-${position}" data-position="${position}" role="row" aria-rowindex="${position + 1}" aria-selected="${String(state.selected)}"`;
  if (entry.kind === "group") {
    const { group } = entry;
    const { name, first, count } = model.doc.groups[group] ?? { name: "", first: 0, count: 0 };
    const open = outline.isOpen(group);
    let hits = 0;
    if (state.hits.size > 0)
      for (let row = first; row < first + count; row++) if (state.hits.has(row)) hits++;
    return html`<div class="row group${flags}" ${common} aria-level="1" aria-expanded="${String(open)}"><div class="name" role="rowheader"><i class="twisty${open && " open"}"></i><b>${name}</b>${hits > 0 && html`<span class="found">${counted(hits, "match", "matches")}</span>`}</div>${variants.map((variant) => groupCell(model, variant, group, open))}</div>`;
  }
  const { row } = entry;
  const id = model.doc.rows.id[row] ?? "";
  const op = model.doc.ops[model.doc.rows.op[row] ?? -1] ?? "";
  const inGroup = outline.folds(model.groupOf[row] ?? -1);
  const shown = inGroup ? id.replace(layerPrefix, "") : id;
  const hit = state.hits.has(row) ? " hit" : "";
  return html`<div class="row${inGroup ? " inner" : ""}${hit}${flags}" ${common} aria-level="${inGroup ? 2 : 1}"><div class="name" role="rowheader" title="${id}"><span class="path">${marked(shown, state.query)}</span><span class="op">${marked(op, state.query)}</span></div>${variants.map((variant) => nodeCell(model, variant, row, state.query))}</div>`;
}
