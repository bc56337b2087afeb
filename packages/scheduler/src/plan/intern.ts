/** A list without repetitions: equal keys get the same index. */
export class Interned<T> {
  readonly items: T[] = [];
  readonly #known = new Map<string, number>();

  add(key: string, make: () => T): number {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const index = this.items.push(make()) - 1;
    this.#known.set(key, index);
    return index;
  }
}
