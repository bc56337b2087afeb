import type { ViewDocument, ViewVariant } from "../document/viewDocument.ts";
import { html } from "./html.ts";
import { memoryBars } from "./memoryBars.ts";
import { Minimap } from "./minimap.ts";
import { overview } from "./overview.ts";
import { PlanList } from "./planList.ts";
import { PlanModel } from "./planModel.ts";
import { provenance, storedMarkup } from "./provenance.ts";
import { ResidenceMap } from "./residenceMap.ts";
import { SearchBox } from "./searchBox.ts";
import { addThemeSwitch } from "./themeSwitch.ts";
import { firstShown, variantHeads } from "./variantHeads.ts";

/** An element of the page that the viewer is written for. */
function part(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element '${id}'`);
  return found;
}

function start(): void {
  const doc: ViewDocument = JSON.parse(part("plan").textContent ?? "");
  const model = new PlanModel(doc);
  const aside = part("aside");
  let shown: readonly ViewVariant[] = firstShown(doc);

  const residence = new ResidenceMap(
    [...doc.weights, ...doc.states],
    doc.devices.map(({ id }) => id),
    (stored) => {
      const place = aside.querySelector("[data-stored]");
      if (place !== null) place.innerHTML = html`<h4>${stored.name}</h4>${storedMarkup(model, stored)}`.text;
    },
  );
  const showAside = (row: number) => {
    aside.classList.toggle("node", row >= 0);
    aside.innerHTML = (row >= 0 ? provenance(model, shown, row) : overview(model)).text;
    aside.scrollTop = 0;
    if (row >= 0) return;
    aside.querySelector("[data-residence]")?.append(residence.element);
    residence.element.hidden = residence.empty;
    residence.draw();
  };

  let selected = -1;
  const list: PlanList = new PlanList(part("list"), model, {
    onSelect(row) {
      selected = row;
      showAside(row);
      history.replaceState(null, "", row < 0 ? "#" : `#${encodeURIComponent(doc.rows.id[row] ?? "")}`);
    },
    onLayout: () => minimap.draw(shown),
    onScroll: () => minimap.follow(),
  });
  const minimap = new Minimap(part("minimap"), list);
  const search = new SearchBox(part("search"), model, list);

  const showVariants = () => {
    part("heads").innerHTML = variantHeads(doc, shown).text;
    part("table").style.setProperty("--variants", String(shown.length));
    list.show(shown);
    showAside(selected);
  };
  part("heads").addEventListener("change", ({ target }) => {
    if (!(target instanceof HTMLSelectElement)) return;
    const chosen = doc.variants[Number(target.value)];
    const column = Number(target.dataset.column);
    if (chosen !== undefined) shown = shown.map((each, index) => (index === column ? chosen : each));
    showVariants();
  });
  aside.addEventListener("click", ({ target }) => {
    const button =
      target instanceof Element ? target.closest<HTMLElement>("[data-row],[data-query],[data-close]") : null;
    if (button?.dataset.row !== undefined) list.reveal(Number(button.dataset.row));
    else if (button?.dataset.query !== undefined) search.find(button.dataset.query);
    else if (button?.dataset.close !== undefined) list.select(-1);
  });
  part("fold").addEventListener("click", () => list.setAll(false));
  part("unfold").addEventListener("click", () => list.setAll(true));
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !(event.target instanceof HTMLInputElement)) {
      event.preventDefault();
      search.focus();
    } else if (event.key === "Escape") {
      if (event.target instanceof HTMLInputElement) part("list").focus();
      else list.select(-1);
    }
  });
  addThemeSwitch(part("theme"), () => residence.draw());

  part("memory").innerHTML = memoryBars(doc.devices).text;
  showVariants();
  const wanted = model.rowOf(decodeURIComponent(location.hash.slice(1)));
  if (wanted >= 0) list.reveal(wanted);
}

start();
