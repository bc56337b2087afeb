/** Positions of an axis, `[first, first + count)`. */
export interface AxisRange {
  readonly first: number;
  readonly count: number;
}

/** Rows are stored in groups of so many: parts that end with a group waste no room in any layout. */
const ROW_GROUP = 16;

const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));
const lcm = (a: number, b: number): number => (a / gcd(a, b)) * b;

/** Ends of runs of `size` positions in the shares stated, rounded up to whole units; the last run ends with the axis. */
function endsOf(size: number, unit: number, shares: readonly number[]): readonly number[] {
  const units = Math.floor(size / unit);
  const total = shares.reduce((sum, share) => sum + share, 0);
  let before = 0;
  return shares.map((share, part) => {
    before += share;
    return part === shares.length - 1 ? size : Math.ceil((units * before) / total) * unit;
  });
}

/**
 * Cuts an axis of `size` positions into runs, one for each share, as near to the shares as whole units allow; what is left of the last unit
 * goes to the last run. A unit is a whole number of all `blocks`, and of groups of 16 rows if that leaves no run empty.
 *
 * @returns `undefined` if some run would be empty
 */
export function cutAxis(
  size: number,
  shares: readonly number[],
  blocks: readonly number[],
): readonly AxisRange[] | undefined {
  const least = blocks.reduce(lcm, 1);
  for (const unit of [lcm(least, ROW_GROUP), least]) {
    const ends = endsOf(size, unit, shares);
    const ranges = ends.map((end, part) => ({
      first: ends[part - 1] ?? 0,
      count: end - (ends[part - 1] ?? 0),
    }));
    // The last run must have a whole unit too, or it would begin inside of one.
    const full = Math.floor(size / unit) * unit;
    if (ranges.every(({ first, count }) => count > 0 && first < full)) return ranges;
  }
  return undefined;
}
