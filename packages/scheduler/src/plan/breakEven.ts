import { estimateStep } from "../cost/estimateStep.ts";
import { leastTokens } from "../cost/leastTokens.ts";
import { phaseStep } from "../cost/stepBindings.ts";
import { formatTime } from "../explain/quantities.ts";
import type { Action, Rule } from "../rules/rule.ts";
import type { Plan } from "./plan.ts";
import type { PlanInput } from "./planInput.ts";

type StreamAboveBreakEven = Extract<Action, { readonly stream: readonly string[] }> & {
  readonly above: "break-even";
};

const waits = (rule: Rule): rule is Rule & { readonly do: StreamAboveBreakEven } =>
  "stream" in rule.do && rule.do.above === "break-even";

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
  const timeOf = (made: Plan, tokens: number) =>
    estimateStep(made, { tokens, context: tokens, sequences: 1 }).totalNs;
  const least = leastTokens(most, (tokens) => timeOf(streamed, tokens) < timeOf(athome, tokens));
  const times = (tokens: number) =>
    `${formatTime(timeOf(streamed, tokens))} with the copies, ${formatTime(timeOf(athome, tokens))} without`;
  const why =
    least === undefined
      ? `break-even: no step of up to ${most} tokens pays for the copies (${times(most)})`
      : `break-even: from ${least} new tokens on (there ${times(least)})`;
  return {
    ...rule,
    when: { and: [rule.when, { tokens: { atLeast: least ?? most + 1 } }] },
    do: { stream: rule.do.stream },
    why: rule.why === undefined ? why : `${rule.why}; ${why}`,
    // Whether it pays was not the user's to know.
    optional: true,
  };
}
