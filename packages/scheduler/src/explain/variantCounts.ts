/** How many of something a variant has. */
export interface VariantCount {
  readonly variant: string;
  readonly n: number;
}

/**
 * Counts of all variants in one phrase: `7 nodes in each` where they agree, `decode 7 nodes, prefill 5 nodes` where they don't, empty
 * where all are zero.
 *
 * @param counts in the order of the variants; those without any may be missing
 * @param variants how many variants there are
 * @param word the number with its noun; the bare number where absent
 */
export function variantCounts(
  counts: readonly VariantCount[],
  variants: number,
  word: (n: number) => string = String,
): string {
  const some = counts.filter(({ n }) => n > 0);
  const [first] = some;
  if (first === undefined) return "";
  const same = some.length === variants && some.every(({ n }) => n === first.n);
  if (same && variants > 1) return `${word(first.n)} in each`;
  return some.map(({ variant, n }) => `${variant} ${word(n)}`).join(", ");
}
