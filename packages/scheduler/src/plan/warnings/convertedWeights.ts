import { dtypes } from "@tensorplan/ir";
import { formatBytes } from "../../explain/quantities.ts";
import type { Plan, PlanWarning } from "../plan.ts";

/** What one pair of types has in common: how many weights, and their bytes in memory. */
interface Conversion {
  count: number;
  bytes: number;
}

/** One line for each type that weights are converted from while they are loaded: what that costs, since nobody sees it in the file. */
export function convertedWeights(plan: Plan): readonly PlanWarning[] {
  const pairs = new Map<string, Conversion>();
  for (const { dtype, source, copies } of plan.weights) {
    if (source.storedAs === undefined) continue;
    const key = `${source.storedAs} ${dtype}`;
    const found = pairs.get(key) ?? { count: 0, bytes: 0 };
    found.count++;
    found.bytes += copies.reduce((sum, { bytes }) => sum + bytes, 0);
    pairs.set(key, found);
  }
  return [...pairs].map(([key, { count, bytes }]) => {
    const [from, to] = key.split(" ") as [keyof typeof dtypes, keyof typeof dtypes];
    const ratio = bytesOf(from) / bytesOf(to);
    const weights = count === 1 ? "1 weight is" : `${count} weights are`;
    return {
      code: "weights-converted",
      message: `${weights} stored as ${from} and converted to ${to} at load: ${formatBytes(bytes)} in memory instead of ${formatBytes(Math.round(bytes * ratio))}, ${loss(to)}`,
      hint: `a file in ${to} loads faster; without --weights-as the plan keeps ${from}, which not every device has kernels for`,
    };
  });
}

/** Bytes that a value takes. */
const bytesOf = (name: keyof typeof dtypes): number => dtypes[name].blockBytes / dtypes[name].blockSize;

/** How far converted values may be off. */
function loss(to: keyof typeof dtypes): string {
  if (to === "f32") return "every value exact";
  if (to === "q8_0") return "each value within 1/254 of the largest of its 32";
  return `each value rounded to ${to}`;
}
