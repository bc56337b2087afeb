import type { OpSet } from "@tensorplan/ir";
import { totalBytes } from "../memory/budget.ts";
import type { Plan, PlanDevice } from "../plan/plan.ts";
import { planHash } from "../plan/planJson.ts";
import { diffRules } from "./diffRules.ts";
import { diffStored } from "./diffStored.ts";
import { diffTimes } from "./diffTimes.ts";
import { commonBox, diffVariant } from "./diffVariant.ts";
import { matchById } from "./matchById.ts";
import type { DeviceDiff, Pair, PlanDiff, SymbolDiff } from "./planDiff.ts";

function diffDevices(a: Plan, b: Plan): readonly DeviceDiff[] {
  return matchById(a.devices, b.devices, ({ id }) => id).map((match): DeviceDiff => {
    const pair = (of: (device: PlanDevice) => number): Pair<number> => ({
      a: match.a === undefined ? 0 : of(match.a),
      b: match.b === undefined ? 0 : of(match.b),
    });
    return {
      device: match.id,
      in: match.a === undefined ? "b" : match.b === undefined ? "a" : "both",
      weights: pair(({ weights }) => weights),
      states: pair(({ states }) => states),
      inputs: pair(({ inputs }) => inputs),
      arena: pair(({ arena }) => arena),
      total: pair(totalBytes),
      budget: pair(({ budget }) => budget),
    };
  });
}

const diffSymbols = (a: Plan, b: Plan): readonly SymbolDiff[] =>
  matchById(Object.entries(a.graph.symbols), Object.entries(b.graph.symbols), ([name]) => name).flatMap(
    (match): SymbolDiff[] => {
      const sides = { a: match.a?.[1] ?? null, b: match.b?.[1] ?? null };
      return sides.a === sides.b ? [] : [{ symbol: match.id, ...sides }];
    },
  );

/**
 * Compares two plans by meaning. The graphs may differ: what only one has is listed as added or removed. Variants are compared where
 * their boxes overlap.
 *
 * @param ops  operations whose cost is known; a plan with others isn't timed
 */
export function diffPlans(a: Plan, b: Plan, ops?: OpSet): PlanDiff {
  const hash = { a: planHash(a), b: planHash(b) };
  return {
    hash,
    graph: {
      a: { name: a.graph.name, hash: a.graph.hash },
      b: { name: b.graph.name, hash: b.graph.hash },
    },
    same: hash.a === hash.b,
    capabilitiesChanged: a.capabilities.hash !== b.capabilities.hash,
    symbols: diffSymbols(a, b),
    devices: diffDevices(a, b),
    rules: diffRules(a.rules, b.rules),
    stored: diffStored(a, b),
    times: diffTimes(a, b, ops),
    variants: a.variants.flatMap((first) =>
      b.variants.flatMap((second) => {
        const box = commonBox(first.box, second.box);
        if (box === undefined) return [];
        return [diffVariant({ a, b }, { a: first, b: second }, box)];
      }),
    ),
  };
}
