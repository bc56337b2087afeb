import type { Plan } from "../plan/plan.ts";
import { matchById } from "./matchById.ts";
import type { StoredDiff, StoredSide } from "./planDiff.ts";

interface Stored extends StoredSide {
  readonly key: string;
  readonly kind: StoredDiff["kind"];
  readonly id: string;
}

const storedIn = (plan: Plan): readonly Stored[] => [
  ...plan.weights.map(
    ({ weight, dtype, copies, decision }): Stored => ({
      key: `weight ${weight}`,
      kind: "weight",
      id: weight,
      devices: copies.map(({ device }) => device),
      layouts: copies.map(({ layout }) => layout),
      dtype,
      bytes: copies.reduce((sum, { bytes }) => sum + bytes, 0),
      rule: decision.rule,
    }),
  ),
  ...plan.states.map(
    ({ state, dtype, device, layout, bytes, decision }): Stored => ({
      key: `state ${state}`,
      kind: "state",
      id: state,
      devices: [device],
      layouts: [layout],
      dtype,
      bytes,
      rule: decision.rule,
    }),
  ),
];

const sideOf = (stored: Stored | undefined): StoredSide | null => {
  if (stored === undefined) return null;
  const { devices, layouts, dtype, bytes, rule } = stored;
  return { devices, layouts, dtype, bytes, rule };
};

const alike = (a: readonly string[], b: readonly string[]): boolean => a.join("\n") === b.join("\n");

function changeOf(a: StoredSide, b: StoredSide): StoredDiff["change"] | undefined {
  if (!alike(a.devices, b.devices)) return "device";
  if (!alike(a.layouts, b.layouts) || a.dtype !== b.dtype || a.bytes !== b.bytes) return "form";
  return a.rule === b.rule ? undefined : "rule";
}

/** Weights and caches that the plans store differently. */
export const diffStored = (a: Plan, b: Plan): readonly StoredDiff[] =>
  matchById(storedIn(a), storedIn(b), ({ key }) => key).flatMap((match): StoredDiff[] => {
    const { kind, id } = (match.a ?? match.b) as Stored;
    const sides = { a: sideOf(match.a), b: sideOf(match.b) };
    const change = sides.a === null ? "added" : sides.b === null ? "removed" : changeOf(sides.a, sides.b);
    return change === undefined ? [] : [{ kind, id, change, ...sides }];
  });
