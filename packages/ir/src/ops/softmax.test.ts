import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { softmaxOp } from "./softmax.ts";

const axes = [axis("tokens", 2), axis("context", 3)];
const run = (x: number[]) => [...(evaluateOp(softmaxOp, { x: operand(axes, x) }).out?.data ?? [])];

test("turns each row into weights; −∞ gets none, and a row of all −∞ gives zeros", () => {
  const none = Number.NEGATIVE_INFINITY;
  const [a, b, c, ...zeros] = run([0, Math.log(3), none, none, none, none]);
  expect(a).toBeCloseTo(0.25, 6);
  expect(b).toBeCloseTo(0.75, 6);
  expect(c).toBe(0);
  expect(zeros).toEqual([0, 0, 0]);
});

test("rows sum to 1, however large the values", () => {
  const numbers = fc.array(fc.float({ min: -1e4, max: 1e4, noNaN: true }), { minLength: 6, maxLength: 6 });
  fc.assert(
    fc.property(numbers, (x) => {
      const [a = 0, b = 0, c = 0] = run(x);
      expect(a + b + c).toBeCloseTo(1, 5);
    }),
  );
});
