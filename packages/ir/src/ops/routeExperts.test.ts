import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { routeExpertsOp } from "./routeExperts.ts";

const [tokens, experts, used] = [axis("tokens", 1), axis("experts", 4), axis("used", 2)];
const attrs = { gating: "sigmoid", used: 2, usedAxis: "used", normalise: false, scale: 1 };
/** Logits whose sigmoid is p. */
const logit = (p: number) => Math.log(p / (1 - p));

function route(logits: readonly number[], changes: object = {}, bias?: readonly number[]) {
  const operands = {
    logits: operand([tokens, experts], logits),
    ...(bias === undefined ? {} : { bias: operand([experts], bias) }),
  };
  const { ids, weights } = evaluateOp(routeExpertsOp, operands, { ...attrs, ...changes }, [used]);
  return {
    ids: [...(ids?.data ?? [])],
    weights: [...(weights?.data ?? [])].map((w) => Math.round(w * 1e5) / 1e5),
  };
}

test("takes the largest probabilities in descending order, ties to the lower index", () => {
  expect(route([0.1, 0.4, 0.2, 0.4].map(logit))).toEqual({ ids: [1, 3], weights: [0.4, 0.4] });
});

test("selects with the bias but weighs without it, normalised and scaled if asked", () => {
  const logits = [0.1, 0.4, 0.2, 0.3].map(logit);
  expect(route(logits, {}, [1, 0, 0, 0])).toEqual({ ids: [0, 1], weights: [0.1, 0.4] });
  expect(route(logits, { normalise: true, scale: 2.5 }, [1, 0, 0, 0])).toEqual({
    ids: [0, 1],
    weights: [0.5, 2],
  });
});

test("softmax gating is over all experts", () => {
  expect(route([0, Math.log(3), 0, Math.log(5)], { gating: "softmax" }).weights).toEqual([0.5, 0.3]);
});

test("chooses only from the best groups, scored by their best or their two best", () => {
  const logits = [0.8, 0.1, 0.5, 0.6].map(logit);
  const groups = { count: 2, used: 1 };
  expect(route(logits, { groups: { ...groups, score: "max" } }).ids).toEqual([0, 1]);
  expect(route(logits, { groups: { ...groups, score: "top2" } }).ids).toEqual([3, 2]);
});

test("normalised weights sum to the scale, and no expert is chosen twice", () => {
  const numbers = fc.array(fc.float({ min: -20, max: 20, noNaN: true }), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(numbers, fc.constantFrom("softmax", "sigmoid"), (logits, gating) => {
      const { ids, weights } = route(logits, { gating, normalise: true, scale: 3 });
      expect(new Set(ids).size).toBe(2);
      expect((weights[0] ?? 0) + (weights[1] ?? 0)).toBeCloseTo(3, 4);
    }),
  );
});

test("refuses more experts than the groups in use have", () => {
  const groups = { count: 4, used: 1, score: "max" };
  expect(() => route([1, 2, 3, 4], { groups })).toThrow("2 experts are to be chosen from 1 (axis 'experts')");
});
