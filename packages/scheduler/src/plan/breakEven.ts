import { estimateStep } from "../cost/estimateStep.ts";
import { type EstimatedStep, phaseStep } from "../cost/stepBindings.ts";
import { formatTime } from "../explain/quantities.ts";
import type { Action, Rule } from "../rules/rule.ts";
import type { Plan } from "./plan.ts";
import type { PlanInput } from "./planInput.ts";

type StreamAboveBreakEven = Extract<Action, { readonly stream: readonly string[] }> & {
  readonly above: "break-even";
};

const waits = (rule: Rule): rule is Rule & { readonly do: StreamAboveBreakEven } =>
  "stream" in rule.do && rule.do.above === "break-even";

/** Times of a step with and without the copies. */
interface Comparison {
  readonly tokens: number;
  readonly streamed: number;
  readonly athome: number;
}

/**
 * Puts a number of tokens in the place of `above: "break-even"` in stream rules, one rule after the other: the least number of new tokens
 * of a step from which on, up to the largest step, bringing the weights costs less time than computing where they live, by the cost
 * model. Rules with numbers are left alone.
 *
 * @param draft makes a plan of rules without break-evens
 */
export function withBreakEvens(input: PlanInput, draft: (input: PlanInput) => Plan): PlanInput {
  const given = input.rules ?? [];
  if (!given.some(waits)) return input;
  let rules = given;
  for (const [index, rule] of given.entries()) {
    if (!waits(rule)) continue;
    const streamed: Rule = { ...rule, do: { stream: rule.do.stream }, optional: true };
    // Rules behind this one that wait too are left out of both plans: what they do isn't known yet.
    const draftWith = (own: readonly Rule[]) =>
      draft({
        ...input,
        rules: [...rules.slice(0, index), ...own, ...rules.slice(index + 1).filter((each) => !waits(each))],
      });
    const resolved = resolve(rule, draftWith([streamed]), draftWith([]));
    rules = rules.with(index, resolved);
  }
  return { ...input, rules };
}

function resolve(rule: Rule & { readonly do: StreamAboveBreakEven }, streamed: Plan, athome: Plan): Rule {
  const most = phaseStep(streamed, "prefill").tokens;
  const compare = (tokens: number): Comparison => {
    const step: EstimatedStep = { tokens, context: tokens, sequences: 1 };
    return {
      tokens,
      streamed: estimateStep(streamed, step).totalNs,
      athome: estimateStep(athome, step).totalNs,
    };
  };
  const found = breakEven(most, compare);
  const times = ({ streamed: with_, athome: without }: Comparison) =>
    `${formatTime(with_)} with the copies, ${formatTime(without)} without`;
  const why =
    found === undefined
      ? `break-even: no step of up to ${most} tokens pays for the copies (${times(compare(most))})`
      : `break-even: from ${found.tokens} new tokens on (there ${times(found)})`;
  const range = { tokens: { atLeast: found?.tokens ?? most + 1 } };
  return {
    ...rule,
    when: { and: [rule.when, range] },
    do: { stream: rule.do.stream },
    why: rule.why === undefined ? why : `${rule.why}; ${why}`,
    // Whether it pays was not the user's to know.
    optional: true,
  };
}

/**
 * The least size from which streaming is faster up to the largest one. Sizes are tried by doubling, then by halving the gap below the
 * first size of the upper run that pays; where times aren't monotone between two sizes that were tried, a nearby crossing is found.
 */
function breakEven(most: number, compare: (tokens: number) => Comparison): Comparison | undefined {
  const pays = ({ streamed, athome }: Comparison) => streamed < athome;
  const sizes: number[] = [];
  for (let tokens = 1; tokens < most; tokens *= 2) sizes.push(tokens);
  sizes.push(most);
  const tried = sizes.map(compare);
  const last = tried.findLastIndex((each) => !pays(each));
  let high = tried[last + 1];
  if (high === undefined) return undefined;
  let low = tried[last]?.tokens ?? high.tokens - 1;
  while (high.tokens - low > 1) {
    const middle = compare(Math.floor((low + high.tokens) / 2));
    if (pays(middle)) high = middle;
    else low = middle.tokens;
  }
  return high;
}
