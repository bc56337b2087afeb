/**
 * Gives each of some items in a row one of several parts, so that each part gets a run of them and the parts' sums are near their shares:
 * an item belongs to the part in whose stretch its middle lies.
 *
 * @returns the part of each item
 */
export function divideBySize(sizes: readonly number[], shares: readonly number[]): readonly number[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let before = 0;
  return sizes.map((size) => {
    const middle = before + size / 2;
    before += size;
    return partAt(total === 0 ? 0 : middle / total, shares);
  });
}

/** The same with items that count alike, each at its beginning: how ggml divides layers. */
export const divideByCount = (count: number, shares: readonly number[]): readonly number[] =>
  Array.from({ length: count }, (_, i) => partAt(i / count, shares));

/** The part in whose stretch a place between 0 and 1 lies. Parts without a share have no stretch. */
function partAt(place: number, shares: readonly number[]): number {
  const total = shares.reduce((sum, share) => sum + share, 0);
  let end = 0;
  for (const [part, share] of shares.entries()) {
    end += share;
    if (share > 0 && place < end / total) return part;
  }
  return shares.findLastIndex((share) => share > 0);
}
