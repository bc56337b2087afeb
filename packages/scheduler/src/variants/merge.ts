import { type StepDim, stepDims } from "../rules/rule.ts";
import type { Box } from "./box.ts";

const same = (a: Box, b: Box, dim: StepDim) => a[dim].from === b[dim].from && a[dim].below === b[dim].below;

/** The box of both, where they lie side by side along `dim` and are alike otherwise. */
const joined = (a: Box, b: Box, dim: StepDim): Box | undefined =>
  a[dim].below === b[dim].from && stepDims.every((other) => other === dim || same(a, b, other))
    ? { ...a, [dim]: { from: a[dim].from, below: b[dim].below } }
    : undefined;

export interface Keyed<T> {
  readonly box: Box;
  /** Boxes of equal keys may become one. `undefined`: no step lies in the box, so it may join any other. */
  readonly key: string | undefined;
  readonly of: readonly T[];
}

const alike = (a: string | undefined, b: string | undefined) => a === undefined || b === undefined || a === b;

/**
 * Joins neighbouring boxes whose keys are equal until none are left; `of` collects what the parts carried. Boxes without steps fill the
 * gaps, so that a threshold at which nothing changes leaves no trace; those that are left over are dropped.
 */
export function mergeBoxes<T>(boxes: readonly Keyed<T>[]): readonly Keyed<T>[] {
  const merged = [...boxes];
  for (let again = true; again; ) {
    again = false;
    for (const dim of stepDims) {
      for (let i = 0; i < merged.length; i++) {
        for (let j = 0; j < merged.length; j++) {
          const [a, b] = [merged[i], merged[j]];
          if (a === undefined || b === undefined || i === j || !alike(a.key, b.key)) continue;
          const box = joined(a.box, b.box, dim);
          if (box === undefined) continue;
          merged[i] = { box, key: a.key ?? b.key, of: [...a.of, ...b.of] };
          merged.splice(j, 1);
          again = true;
          i = -1;
          break;
        }
      }
    }
  }
  return merged.filter(({ key }) => key !== undefined);
}
