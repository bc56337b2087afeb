import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { scaleOp } from "./scale.ts";

const embd = axis("embd", 3);
const run = (x: number[], factor: number) => [
  ...(evaluateOp(scaleOp, { x: operand([embd], x) }, { factor }).out?.data ?? []),
];

test("multiplies every element", () => {
  expect(run([1, -2, 4], 2.5)).toEqual([2.5, -5, 10]);
});

test("scaling twice by powers of two is scaling by their product", () => {
  const power = fc.integer({ min: -8, max: 8 }).map((n) => 2 ** n);
  const numbers = fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 3, maxLength: 3 });
  fc.assert(
    fc.property(numbers, power, power, (x, a, b) => {
      expect(run(run(x, a), b)).toEqual(run(x, a * b));
    }),
  );
});

test("refuses a factor that isn't a number", () => {
  expect(() => evaluateOp(scaleOp, { x: operand([embd]) }, { factor: Number.NaN })).toThrow(
    "wrong attribute 'factor'",
  );
});
