import { draftPlan } from "../plan/makePlan.ts";
import type { Plan } from "../plan/plan.ts";
import type { PlanInput } from "../plan/planInput.ts";
import type { MlaCrossover } from "../rules/flags/attentionRules.ts";
import type { Rule } from "../rules/rule.ts";
import { estimateStep } from "./estimateStep.ts";
import { leastTokens } from "./leastTokens.ts";

/** Contexts at which the threshold may change, and those at which each range between them is judged. */
const EDGES = [1024, 8192] as const;
const JUDGED_AT = [512, 4096, 16_384] as const;

/** Thresholds that differ by no more than this part are one: estimates aren't that exact, and each range is a variant of the plan. */
const ALIKE = 1 / 8;

type Way = "absorbed" | "decompressed";

/** A plan in which latent attention is done in one way throughout; undefined where that isn't possible everywhere. */
function planWith(way: Way, input: PlanInput): Plan | undefined {
  const forced: Rule = {
    name: "for comparison",
    origin: { kind: "api" },
    when: { op: "mla_attention" },
    do: { lower: way },
    else: "next",
  };
  // The comparison decides what other rules would, so none of them is to blame for having nothing left.
  const others = (input.rules ?? [])
    .filter((rule) => !("optimise" in rule.do))
    .map((rule) => ({ ...rule, optional: true }));
  const made = draftPlan({ ...input, rules: [{ ...forced, optional: true }, ...others] });
  const all = made.variants.every(({ lowerings }) =>
    lowerings.every(({ op, lowering }) => op !== "mla_attention" || lowering === way),
  );
  return all ? made : undefined;
}

function alike(a: MlaCrossover, b: MlaCrossover): boolean {
  if (a.expandFrom === undefined || b.expandFrom === undefined) return a.expandFrom === b.expandFrom;
  return Math.abs(a.expandFrom - b.expandFrom) <= ALIKE * Math.max(a.expandFrom, b.expandFrom);
}

/** Neighbouring ranges with thresholds that are alike are one range, whose threshold is that of the larger context. */
function joined(crossovers: readonly MlaCrossover[]): readonly MlaCrossover[] {
  const out: MlaCrossover[] = [];
  for (const next of crossovers) {
    const before = out.at(-1);
    if (before === undefined || !alike(before, next)) {
      out.push(next);
      continue;
    }
    const { atLeast } = before.context;
    const { below } = next.context;
    const context = {
      ...(atLeast === undefined ? {} : { atLeast }),
      ...(below === undefined ? {} : { below }),
    };
    out[out.length - 1] = { ...next, context, judged: [...before.judged, ...next.judged] };
  }
  return out;
}

/**
 * From how many new tokens of a sequence on expanding the compressed cache to keys and values takes less time than absorbing, by the cost
 * model, for each range of contexts. Two plans that differ in nothing else are compared, as whole steps of one sequence.
 *
 * @param input what is to be planned; its graph has latent attention. An `optimise` rule is left out
 * @throws TensorplanError as `plan`
 */
export function mlaCrossovers(input: PlanInput): readonly MlaCrossover[] {
  const { tokens: microBatch = 1, context: longest = 1 } = input.graph.symbols;
  const absorbed = planWith("absorbed", input);
  const decompressed = planWith("decompressed", input);
  if (absorbed === undefined || decompressed === undefined) {
    const expandFrom = absorbed === undefined && decompressed !== undefined ? 1 : undefined;
    return [{ context: {}, expandFrom, judged: [] }];
  }
  const ranges = [...EDGES.filter((edge) => edge < longest), undefined].map((below, i) => {
    const atLeast = i === 0 ? undefined : EDGES[i - 1];
    const context = {
      ...(atLeast === undefined ? {} : { atLeast }),
      ...(below === undefined ? {} : { below }),
    };
    return { context, at: Math.min(JUDGED_AT[i] as number, longest) };
  });
  return joined(
    ranges.map(({ context, at }): MlaCrossover => {
      const most = Math.min(microBatch, at);
      const found = (expandFrom: number | undefined): MlaCrossover => ({
        context,
        expandFrom,
        judged: [{ context: at, expandFrom, most }],
      });
      const time = (made: Plan, tokens: number) =>
        estimateStep(made, { tokens, context: at, sequences: 1 }, input.ops).totalNs;
      return found(leastTokens(most, (tokens) => time(decompressed, tokens) < time(absorbed, tokens)));
    }),
  );
}
