/** The first item for which `holds` is true, where it is true for all items behind that one too. */
export function firstWhere<T>(items: readonly T[], holds: (item: T) => boolean): T | undefined {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(items[middle] as T)) high = middle;
    else low = middle + 1;
  }
  return items[low];
}
