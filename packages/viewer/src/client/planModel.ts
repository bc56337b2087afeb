import type { ViewDecision, ViewDocument, ViewTransfer, ViewVariant } from "../document/viewDocument.ts";

/** Look-ups into a document that are made once. */
export class PlanModel {
  readonly doc: ViewDocument;
  /** Group of each row. */
  readonly groupOf: Int32Array;
  readonly #rowOf = new Map<string, number>();
  readonly #copies = new WeakMap<ViewVariant, ReadonlyMap<number, readonly ViewTransfer[]>>();
  #searched: readonly string[] | undefined;

  constructor(doc: ViewDocument) {
    this.doc = doc;
    this.groupOf = new Int32Array(doc.rows.id.length);
    for (const [group, { first, count }] of doc.groups.entries()) {
      this.groupOf.fill(group, first, first + count);
    }
    for (const [row, id] of doc.rows.id.entries()) this.#rowOf.set(id, row);
  }

  get rowCount(): number {
    return this.doc.rows.id.length;
  }

  rowOf(id: string): number {
    return this.#rowOf.get(id) ?? -1;
  }

  /** The row whose node makes a value, through views; -1 for weights, caches and inputs of the step. */
  producer(value: string, variant: ViewVariant): number {
    const root = variant.views[value] ?? value;
    const row = this.rowOf(root);
    return row >= 0 ? row : this.rowOf(root.replace(/:[^:]*$/, ""));
  }

  /** Copies that a row's node waits for. */
  copiesInto(variant: ViewVariant, row: number): readonly ViewTransfer[] {
    let byTarget = this.#copies.get(variant);
    if (byTarget === undefined) {
      const made = new Map<number, ViewTransfer[]>();
      for (const transfer of variant.transfers) {
        const list = made.get(transfer.target);
        if (list === undefined) made.set(transfer.target, [transfer]);
        else list.push(transfer);
      }
      byTarget = made;
      this.#copies.set(variant, byTarget);
    }
    return byTarget.get(row) ?? [];
  }

  decision(variant: ViewVariant, row: number): ViewDecision | undefined {
    return variant.decisions[variant.decision[row] ?? -1];
  }

  ruleName(rule: number): string {
    return this.doc.rules[rule]?.name ?? "";
  }

  /** Rows whose node's path, operation, device, kernel or rule holds every word of the query, in order. */
  search(query: string): readonly number[] {
    const words = query
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== "");
    if (words.length === 0) return [];
    this.#searched ??= this.#texts();
    const found: number[] = [];
    this.#searched.forEach((text, row) => {
      if (words.every((word) => text.includes(word))) found.push(row);
    });
    return found;
  }

  #texts(): readonly string[] {
    const { doc } = this;
    return doc.rows.id.map((id, row) => {
      const words = [id, doc.ops[doc.rows.op[row] ?? -1] ?? ""];
      for (const variant of doc.variants) {
        const device = variant.device[row] ?? -1;
        if (device < 0) continue;
        words.push(
          doc.devices[device]?.id ?? "",
          doc.kernels[variant.kernel[row] ?? -1] ?? "",
          this.ruleName(this.decision(variant, row)?.rule ?? -1),
        );
      }
      return words.join("\n").toLowerCase();
    });
  }
}
