import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { pagedScoresOp } from "./pagedScores.ts";
import { pagedStep } from "./support/pagedStep.ts";

const [heads, dim, slots, context] = [
  axis("heads", 1),
  axis("dim", 2),
  axis("slots", 64),
  axis("context", 64),
];
const { tokens, operands } = pagedStep([{ pages: [0], positions: [0, 1] }]);
const cache = operand([slots, dim], [1, 2, 3, 4, ...Array(124).fill(Number.NaN)]);
const run = (q: readonly number[], scale: number) =>
  evaluateOp(
    pagedScoresOp,
    { q: operand([tokens, heads, dim], q), k: cache, ...operands },
    { scale, context: "context" },
    [context],
  ).out?.data ?? new Float32Array();

test("gives scaled dot products, and −∞ after a token's own position", () => {
  const scores = run([1, 1, 10, 0], 2);
  expect(scores[0]).toBe(6);
  expect(scores.slice(1, 64).every((score) => score === Number.NEGATIVE_INFINITY)).toBe(true);
  expect(scores.slice(64, 66)).toEqual(Float32Array.of(20, 60));
  expect(scores.slice(66).every((score) => score === Number.NEGATIVE_INFINITY)).toBe(true);
});

test("is linear in the scale", () => {
  const numbers = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 4, maxLength: 4 });
  fc.assert(
    fc.property(numbers, fc.integer({ min: 1, max: 9 }), (q, factor) => {
      expect(Array.from(run(q, factor))).toEqual(Array.from(run(q, 1), (score) => score * factor));
    }),
  );
});
