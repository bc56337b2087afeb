import type { Graph } from "@tensorplan/ir";
import type { Rule } from "../rule.ts";
import { attentionRules, type MlaCrossover } from "./attentionRules.ts";
import { flagRule, noEffect } from "./flagRule.ts";
import type { LoweringFlags } from "./loweringFlags.ts";

function expertRules(fused: boolean | undefined, graph: Graph): readonly Rule[] {
  if (fused === undefined) return [];
  const text = `-fmoe ${fused ? 1 : 0}`;
  if (!graph.nodes.some(({ op }) => op === "moe")) {
    noEffect(text, "the model has no mixture of experts", "leave it out");
  }
  return [
    flagRule(text, {
      name: `${text}: experts in ${fused ? "one kernel" : "parts"}`,
      when: { op: "moe" },
      do: { lower: fused ? "fused" : "primitives" },
      why: fused ? "tokens are sorted by expert once" : "a product after the other",
    }),
  ];
}

/**
 * The lower rules that flags stand for.
 *
 * @param crossovers what `-mla auto` goes by, from `mlaCrossovers`
 * @throws TensorplanError `flags/no-effect`
 */
export const loweringRules = (
  flags: LoweringFlags,
  graph: Graph,
  crossovers: readonly MlaCrossover[] = [],
): readonly Rule[] => [
  ...attentionRules(flags, graph, crossovers),
  ...expertRules(flags.fusedExperts, graph),
];
