import type { CodeBook } from "./codeBook.ts";

/** Starting points on each side of the scale that would map the largest value to the last level. */
const STEPS = 7;
/** How much of the book's range one step is. */
const STEP = 1 / 110;

/**
 * The scale (of either sign) with which a group of values is stored with the least squared error, as good as a search finds it: from a range
 * of starting points, codes are chosen, and for these codes the best scale has a closed form (linear least squares).
 */
export function groupScale(values: Float32Array, at: number, count: number, book: CodeBook): number {
  let extreme = 0;
  for (let i = at; i < at + count; i++) {
    const x = values[i] as number;
    if (Math.abs(x) > Math.abs(extreme)) extreme = x;
  }
  // What can't be told from zero in f32 would only make infinite scales.
  if (Math.abs(extreme) < 1e-37) return 0;
  let scale = 0;
  let gain = -1;
  const attempt = (inverse: number): void => {
    let cross = 0;
    let norm = 0;
    for (let i = at; i < at + count; i++) {
      const x = values[i] as number;
      const level = book.levels[book.nearest(x * inverse)] as number;
      cross += x * level;
      norm += level * level;
    }
    if (norm > 0 && cross * cross > gain * norm) {
      gain = (cross * cross) / norm;
      scale = cross / norm;
    }
  };
  const width = (book.last - book.first) * STEP;
  for (const end of [book.first, book.last]) {
    for (let step = -STEPS; step <= STEPS; step++) attempt((end + step * width) / extreme);
  }
  // Codes of the best scale may differ from those that it was computed for.
  if (scale !== 0) attempt(1 / scale);
  return scale;
}
