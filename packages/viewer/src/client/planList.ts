import type { ViewVariant } from "../document/viewDocument.ts";
import { html } from "./html.ts";
import { drawLanes, type Lanes, lanesWidth, layOutLanes, ROW_HEIGHT } from "./lanes.ts";
import { Outline } from "./outline.ts";
import type { PlanModel } from "./planModel.ts";
import { rowMarkup } from "./rowMarkup.ts";

/** Rows that are made beyond the visible ones, so that a small move shows no gap. */
const BEYOND = 6;

export interface ListEvents {
  /** A node was chosen; -1: none is any more. */
  readonly onSelect: (row: number) => void;
  readonly onLayout: () => void;
  readonly onScroll: () => void;
}

/** The list of nodes: only what is in sight exists as elements, however long the plan is. */
export class PlanList {
  readonly outline: Outline;
  readonly #scroller: HTMLElement;
  readonly #spacer: HTMLElement;
  readonly #window: HTMLElement;
  readonly #model: PlanModel;
  readonly #events: ListEvents;
  #variants: readonly ViewVariant[] = [];
  #lanes: readonly Lanes[] = [];
  #active = 0;
  #selected = -1;
  #query = "";
  #hits: ReadonlySet<number> = new Set();
  #scheduled = false;

  constructor(scroller: HTMLElement, model: PlanModel, events: ListEvents) {
    this.#scroller = scroller;
    this.#model = model;
    this.#events = events;
    this.outline = new Outline(model.doc.groups, model.rowCount);
    this.#spacer = document.createElement("div");
    this.#window = document.createElement("div");
    this.#spacer.className = "spacer";
    this.#window.className = "window";
    this.#spacer.append(this.#window);
    scroller.append(this.#spacer);
    scroller.style.setProperty("--row", `${ROW_HEIGHT}px`);
    scroller.style.setProperty("--lanes", `${lanesWidth(model.doc.devices.length)}px`);
    scroller.addEventListener("scroll", () => this.#schedule(), { passive: true });
    scroller.addEventListener("click", (event) => this.#click(event));
    scroller.addEventListener("keydown", (event) => this.#key(event));
    new ResizeObserver(() => this.#schedule()).observe(scroller);
  }

  /** Positions in sight. */
  get visible(): { readonly first: number; readonly last: number } {
    const first = Math.floor(this.#scroller.scrollTop / ROW_HEIGHT);
    return {
      first,
      last: Math.min(this.outline.length, first + Math.ceil(this.#scroller.clientHeight / ROW_HEIGHT)),
    };
  }

  show(variants: readonly ViewVariant[]): void {
    this.#variants = variants;
    this.#scroller.style.setProperty("--variants", String(variants.length));
    this.relayout();
  }

  highlight(query: string, rows: readonly number[]): void {
    this.#query = query;
    this.#hits = new Set(rows);
    this.#schedule();
  }

  /** Opens the row's group, brings it into sight and selects it. */
  reveal(row: number): void {
    const group = this.#model.groupOf[row] ?? -1;
    if (this.outline.folds(group) && !this.outline.isOpen(group)) {
      this.outline.set(group, true);
      this.relayout();
    }
    this.select(row);
    this.#moveTo(this.outline.positionOf(row), true);
  }

  select(row: number): void {
    this.#selected = row;
    this.#schedule();
    this.#events.onSelect(row);
  }

  setAll(open: boolean): void {
    const entry = this.outline.at(this.#active);
    this.outline.setAll(open);
    this.relayout();
    if (entry?.kind === "row") this.#moveTo(this.outline.positionOf(entry.row), true);
    if (entry?.kind === "group") this.#moveTo(this.outline.positionOfGroup(entry.group), true);
  }

  scrollTo(position: number): void {
    this.#scroller.scrollTop = position * ROW_HEIGHT - this.#scroller.clientHeight / 2;
  }

  /** After the outline or the variants changed. */
  relayout(): void {
    this.#lanes = this.#variants.map((variant) => layOutLanes(variant, this.outline));
    // The head of the table ends where the rows do, beside the scroll bar.
    const { offsetWidth, clientWidth } = this.#scroller;
    this.#scroller.parentElement?.style.setProperty("--bar", `${offsetWidth - clientWidth}px`);
    this.#spacer.style.height = `${this.outline.length * ROW_HEIGHT}px`;
    this.#scroller.setAttribute("aria-rowcount", String(this.outline.length));
    this.#active = Math.min(this.#active, this.outline.length - 1);
    this.#draw();
    this.#events.onLayout();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      this.#draw();
      this.#events.onScroll();
    });
  }

  #draw(): void {
    const { visible } = this;
    const first = Math.max(0, visible.first - BEYOND);
    const last = Math.min(this.outline.length, visible.last + BEYOND);
    const rows: string[] = [];
    for (let position = first; position < last; position++) {
      const entry = this.outline.at(position);
      const state = {
        active: position === this.#active,
        selected: entry?.kind === "row" && entry.row === this.#selected,
        query: this.#query,
        hits: this.#hits,
      };
      rows.push(rowMarkup(this.#model, this.outline, position, this.#variants, state).text);
    }
    const height = (last - first) * ROW_HEIGHT;
    const lanes = this.#lanes.map(
      (each, column) =>
        html`<svg class="lanes" aria-hidden="true" style="--column:${column}" height="${height}">`.text +
        `${drawLanes(each, first, last)}</svg>`,
    );
    this.#window.style.transform = `translateY(${first * ROW_HEIGHT}px)`;
    this.#window.innerHTML = lanes.join("") + rows.join("");
    this.#scroller.setAttribute("aria-activedescendant", `row-${this.#active}`);
  }

  #toggle(group: number, open = !this.outline.isOpen(group)): void {
    this.outline.set(group, open);
    this.relayout();
  }

  #moveTo(position: number, centred = false): void {
    this.#active = Math.max(0, Math.min(this.outline.length - 1, position));
    const top = this.#active * ROW_HEIGHT;
    const { scrollTop, clientHeight } = this.#scroller;
    if (centred && (top < scrollTop || top + ROW_HEIGHT > scrollTop + clientHeight))
      this.scrollTo(this.#active);
    else if (top < scrollTop) this.#scroller.scrollTop = top;
    else if (top + ROW_HEIGHT > scrollTop + clientHeight)
      this.#scroller.scrollTop = top + ROW_HEIGHT - clientHeight;
    this.#schedule();
  }

  #click(event: MouseEvent): void {
    const target =
      event.target instanceof Element ? event.target.closest<HTMLElement>("[data-position]") : null;
    if (target === null) return;
    this.#active = Number(target.dataset.position);
    this.#activate();
  }

  #activate(): void {
    const entry = this.outline.at(this.#active);
    if (entry?.kind === "group") this.#toggle(entry.group);
    else if (entry?.kind === "row") this.select(entry.row);
  }

  #key(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const page = Math.max(1, Math.floor(this.#scroller.clientHeight / ROW_HEIGHT) - 1);
    const moves: Readonly<Record<string, () => void>> = {
      ArrowDown: () => this.#moveTo(this.#active + 1),
      ArrowUp: () => this.#moveTo(this.#active - 1),
      PageDown: () => this.#moveTo(this.#active + page),
      PageUp: () => this.#moveTo(this.#active - page),
      Home: () => this.#moveTo(0),
      End: () => this.#moveTo(this.outline.length - 1),
      ArrowRight: () => this.#unfold(),
      ArrowLeft: () => this.#fold(),
      Enter: () => this.#activate(),
      " ": () => this.#activate(),
    };
    const move = moves[event.key];
    if (move === undefined) return;
    event.preventDefault();
    move();
  }

  #unfold(): void {
    const entry = this.outline.at(this.#active);
    if (entry?.kind !== "group") return;
    if (this.outline.isOpen(entry.group)) this.#moveTo(this.#active + 1);
    else this.#toggle(entry.group, true);
  }

  #fold(): void {
    const entry = this.outline.at(this.#active);
    if (entry === undefined) return;
    const group = entry.kind === "group" ? entry.group : (this.#model.groupOf[entry.row] ?? -1);
    if (!this.outline.folds(group) || !this.outline.isOpen(group)) return;
    this.#active = this.outline.positionOfGroup(group);
    this.#toggle(group, false);
    this.#moveTo(this.#active);
  }
}
