import type { ViewDevice } from "../document/viewDocument.ts";
import { deviceColour, formatBytes } from "./format.ts";
import { html, type Markup } from "./html.ts";

const regions = [
  ["weights", "weights"],
  ["states", "caches"],
  ["arena", "work area"],
  ["inputs", "step inputs"],
] as const;

const share = (bytes: number, of: number): string => `${of > 0 ? Math.min(100, (100 * bytes) / of) : 0}%`;

function bar(device: ViewDevice, index: number): Markup {
  const used = device.weights + device.states + device.inputs + device.arena;
  const parts = regions.filter(([region]) => device[region] > 0);
  const text = parts.map(([region, name]) => `${name} ${formatBytes(device[region])}`).join(", ");
  const percent = device.budget > 0 ? (100 * used) / device.budget : 0;
  return html`<article class="device" style="--device:${deviceColour(index)}">
<h3><i class="swatch"></i>${device.id}<span class="name" title="${device.name}">${device.name}</span></h3>
<div class="bar" role="img" aria-label="${device.id}: ${text}; ${formatBytes(used)} of ${formatBytes(device.budget)}">${parts.map(
    ([region, name]) =>
      html`<i class="${region}" style="width:${share(device[region], device.budget)}" title="${name} ${formatBytes(device[region])}"></i>`,
  )}</div>
${
  percent < 25 &&
  html`<div class="zoom" title="what is used, enlarged">${parts.map(
    ([region, name]) =>
      html`<i class="${region}" style="flex:${device[region]}" title="${name} ${formatBytes(device[region])}"></i>`,
  )}</div>`
}
<p><b>${formatBytes(used)}</b> of ${formatBytes(device.budget)}<span class="percent">${percent < 0.1 ? "<0.1" : percent.toFixed(percent < 10 ? 1 : 0)} %</span></p>
<ul>${regions.map(([region, name]) => html`<li><i class="key ${region}"></i>${name}<b>${formatBytes(device[region])}</b></li>`)}</ul>
</article>`;
}

/** For each device what the plan takes of its memory. */
export const memoryBars = (devices: readonly ViewDevice[]): Markup => html`${devices.map(bar)}`;
