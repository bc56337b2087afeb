import { TensorplanError } from "@tensorplan/ir";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ruleUses } from "../explain/ruleUses.ts";
import { randomRulePlan } from "../testing/randomRules.ts";
import { plan } from "./makePlan.ts";
import type { Plan } from "./plan.ts";
import type { PlanInput } from "./planInput.ts";
import { planToJson } from "./planJson.ts";

/** A plan, or nothing where weights and caches lie so that some node can run nowhere. */
function planned(input: PlanInput): Plan | undefined {
  try {
    return plan(input);
  } catch (error) {
    if (error instanceof TensorplanError) return undefined;
    throw error;
  }
}

/** All that a plan decides, and by which rules; not which rules were asked before. */
const decided = ({ variants, weights, states, inputs, devices }: Plan) => ({
  variants: variants.map(({ decisions, nodes, lowerings, ...rest }) => ({
    ...rest,
    nodes: nodes.map((node) => ({
      ...node,
      eligibility: undefined,
      decision: decisions[node.decision]?.rule,
    })),
    lowerings: lowerings.map((each) => ({ ...each, decision: decisions[each.decision]?.rule })),
  })),
  weights: weights.map(({ decision, ...rest }) => ({ ...rest, rule: decision.rule })),
  states: states.map(({ decision, ...rest }) => ({ ...rest, rule: decision.rule })),
  inputs,
  devices,
});

test("every node with a kernel has one device, whatever the rules", () => {
  let plans = 0;
  fc.assert(
    fc.property(randomRulePlan, (input) => {
      const made = planned(input);
      if (made === undefined) return;
      plans++;
      for (const { nodes, splits } of made.variants) {
        nodes.forEach(({ device, kernel }, position) => {
          const on = splits.filter((split) => split.nodes.includes(position)).map((split) => split.device);
          expect(on).toEqual(device === null ? [] : [device]);
          expect(kernel === null).toBe(device === null);
        });
      }
    }),
    { numRuns: 40 },
  );
  expect(plans).toBeGreaterThan(15);
});

test("a plan's own rules give the plan again", () => {
  fc.assert(
    fc.property(randomRulePlan, (input) => {
      const made = planned(input);
      if (made === undefined) return;
      expect(planToJson(plan({ ...input, rules: made.rules }))).toBe(planToJson(made));
    }),
    { numRuns: 40 },
  );
});

test("any rule that decided nothing, a default too, can be left out and nothing changes", () => {
  let left = 0;
  fc.assert(
    fc.property(randomRulePlan, (input) => {
      const made = planned(input);
      if (made === undefined) return;
      const idle = ruleUses(made).filter(
        ({ weights, caches, replicas, variants }) =>
          weights + caches + replicas === 0 &&
          variants.every(({ nodes, lowerings, transfers }) => nodes + lowerings + transfers === 0),
      );
      for (const { name } of idle) {
        const rules = made.rules.filter((rule) => rule.name !== name);
        left++;
        expect(decided(plan({ ...input, rules })), `without '${name}'`).toEqual(decided(made));
      }
    }),
    { numRuns: 40 },
  );
  expect(left).toBeGreaterThan(100);
});
