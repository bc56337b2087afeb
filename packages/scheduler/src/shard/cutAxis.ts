/** Positions of an axis, `[first, first + count)`. */
export interface AxisRange {
  readonly first: number;
  readonly count: number;
}

/** Rows are stored in groups of so many: parts that end with a group waste no room in any layout. */
const ROW_GROUP = 16;

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
const lcm = (a: number, b: number): number => (a / gcd(a, b)) * b;

/**
 * Cuts an axis of `size` positions into `parts` runs, as even as whole units allow; the first runs are the larger ones, and what is left
 * of the last unit goes to the last run. A unit is a whole number of all `blocks`, and of groups of 16 rows if there are enough of those.
 *
 * @returns `undefined` if some part would be empty
 */
export function cutAxis(
  size: number,
  parts: number,
  blocks: readonly number[],
): readonly AxisRange[] | undefined {
  const least = blocks.reduce(lcm, 1);
  const grouped = lcm(least, ROW_GROUP);
  const unit = Math.floor(size / grouped) >= parts ? grouped : least;
  const units = Math.floor(size / unit);
  if (units < parts) return undefined;
  const [share, more] = [Math.floor(units / parts), units % parts];
  const ranges: AxisRange[] = [];
  let first = 0;
  for (let part = 0; part < parts; part++) {
    const last = part === parts - 1;
    const count = last ? size - first : (share + (part < more ? 1 : 0)) * unit;
    ranges.push({ first, count });
    first += count;
  }
  return ranges;
}
