import type { ViewGroup } from "../document/viewDocument.ts";

/** An entry of the outline: a row, or the head of a group. */
export type Entry =
  | { readonly kind: "row"; readonly row: number }
  | { readonly kind: "group"; readonly group: number };

/**
 * Which rows are shown, with groups folded or open. Positions are places in the list as it is shown; a row in a folded group is at its
 * group's position.
 */
export class Outline {
  readonly #groups: readonly ViewGroup[];
  readonly #open: boolean[];
  /** Rows as they are, heads of groups as -1 - group. */
  #entries: Int32Array = new Int32Array(0);
  readonly #positions: Int32Array;

  constructor(groups: readonly ViewGroup[], rowCount: number) {
    this.#groups = groups;
    this.#open = groups.map(() => false);
    this.#positions = new Int32Array(rowCount);
    this.#lay();
  }

  get length(): number {
    return this.#entries.length;
  }

  at(position: number): Entry | undefined {
    const entry = this.#entries[position];
    if (entry === undefined) return undefined;
    return entry >= 0 ? { kind: "row", row: entry } : { kind: "group", group: -1 - entry };
  }

  positionOf(row: number): number {
    return this.#positions[row] ?? -1;
  }

  /** Positions of all rows; changes with the outline. */
  get positions(): Int32Array {
    return this.#positions;
  }

  positionOfGroup(group: number): number {
    const first = this.#groups[group]?.first ?? 0;
    return this.isOpen(group) ? this.positionOf(first) - 1 : this.positionOf(first);
  }

  isOpen(group: number): boolean {
    return this.#open[group] === true;
  }

  /** A single row outside the layers has nothing to fold. */
  folds(group: number): boolean {
    const found = this.#groups[group];
    return found !== undefined && (found.count > 1 || found.layer >= 0);
  }

  set(group: number, open: boolean): void {
    if (this.#open[group] === open) return;
    this.#open[group] = open;
    this.#lay();
  }

  setAll(open: boolean): void {
    this.#open.fill(open);
    this.#lay();
  }

  #lay(): void {
    const entries: number[] = [];
    this.#groups.forEach(({ first, count }, group) => {
      const folds = this.folds(group);
      if (folds) entries.push(-1 - group);
      const shown = !folds || this.isOpen(group);
      for (let row = first; row < first + count; row++) {
        if (shown) entries.push(row);
        this.#positions[row] = entries.length - 1;
      }
    });
    this.#entries = Int32Array.from(entries);
  }
}
