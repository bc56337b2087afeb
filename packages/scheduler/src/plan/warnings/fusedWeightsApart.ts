import { maskLayers, printLayers } from "../../explain/layerNames.ts";
import type { Plan, PlanWarning } from "../plan.ts";

/** Weights of gated layers by their names: `blk.3.ffn_up_exps.weight` goes with `blk.3.ffn_gate_exps.weight`. */
const gateOf = (up: string): string => up.replace(/([._])up(?=[._])/, "$1gate");

interface Pair {
  readonly up: string;
  readonly upOn: string;
  readonly gateOn: string;
  readonly rules: readonly string[];
}

/** Pairs whose halves share no device. */
function apart(plan: Plan): readonly Pair[] {
  const byName = new Map(plan.weights.map((weight) => [weight.weight, weight]));
  return plan.weights.flatMap((up): readonly Pair[] => {
    const gate = gateOf(up.weight) === up.weight ? undefined : byName.get(gateOf(up.weight));
    if (gate === undefined) return [];
    const here = up.copies.map(({ device }) => device);
    if (gate.copies.some(({ device }) => here.includes(device))) return [];
    return [
      {
        up: up.weight,
        upOn: here.join(" and "),
        gateOn: gate.copies.map(({ device }) => device).join(" and "),
        rules: [up.decision.rule, gate.decision.rule],
      },
    ];
  });
}

/**
 * Up and gate of a layer on different devices: the product that reads both can't be one kernel, and a value as wide as the layer crosses
 * in each step.
 */
export function fusedWeightsApart(plan: Plan): readonly PlanWarning[] {
  const groups = new Map<string, Pair[]>();
  for (const pair of apart(plan)) {
    const key = JSON.stringify([maskLayers(pair.up), pair.upOn, pair.gateOn, pair.rules]);
    groups.set(key, [...(groups.get(key) ?? []), pair]);
  }
  return [...groups.values()].map((pairs): PlanWarning => {
    const [{ up, upOn, gateOn, rules }] = pairs as [Pair, ...Pair[]];
    const names = pairs.map((pair) => pair.up);
    const [shown, layers] = pairs.length === 1 ? [up, ""] : [maskLayers(up), ` (${printLayers(names)})`];
    return {
      code: "fused-weights-apart",
      message: `'${shown}'${layers} is on ${upOn} by rule '${rules[0]}' and '${gateOf(shown)}' on ${gateOn} by rule '${rules[1]}': they can't be multiplied by one kernel, and their products are copied in each step`,
      hint: `store both on one device: let one rule match up and gate, as 'ffn_(up|gate)' does`,
    };
  });
}
