import type { PlanList } from "./planList.ts";
import type { PlanModel } from "./planModel.ts";

/** The search field: marks what it finds, counts it, and walks through it with Enter. */
export class SearchBox {
  readonly #input: HTMLInputElement;
  readonly #status: HTMLElement;
  readonly #model: PlanModel;
  readonly #list: PlanList;
  #rows: readonly number[] = [];
  #at = -1;

  constructor(element: HTMLElement, model: PlanModel, list: PlanList) {
    const input = element.querySelector("input");
    const status = element.querySelector("output");
    if (input === null || status === null) throw new Error("the page has no search field");
    this.#input = input;
    this.#status = status;
    this.#model = model;
    this.#list = list;
    input.addEventListener("input", () => this.#search());
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      this.#step(event.shiftKey ? -1 : 1);
    });
    for (const button of element.querySelectorAll<HTMLButtonElement>("button[data-step]")) {
      button.addEventListener("click", () => this.#step(Number(button.dataset.step)));
    }
  }

  focus(): void {
    this.#input.focus();
    this.#input.select();
  }

  find(query: string): void {
    this.#input.value = query;
    this.#search();
    this.#step(1);
  }

  #search(): void {
    const query = this.#input.value.trim();
    this.#rows = this.#model.search(query);
    this.#at = -1;
    // Only a query of one word can be marked as it stands.
    this.#list.highlight(query.toLowerCase(), this.#rows);
    this.#say(query === "" ? "" : this.#rows.length === 0 ? "nothing found" : `${this.#rows.length} found`);
  }

  #step(by: number): void {
    const { length } = this.#rows;
    if (length === 0) return;
    this.#at = this.#at < 0 ? (by > 0 ? 0 : length - 1) : (this.#at + by + length) % length;
    this.#list.reveal(this.#rows[this.#at] as number);
    this.#say(`${this.#at + 1} of ${length}`);
  }

  #say(text: string): void {
    this.#status.textContent = text;
  }
}
