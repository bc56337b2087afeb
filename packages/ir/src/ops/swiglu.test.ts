import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { swigluOp } from "./swiglu.ts";

const axes = [axis("tokens", 1), axis("embd", 3)];
const run = (gate: number[], up: number[]) => [
  ...(evaluateOp(swigluOp, { gate: operand(axes, gate), up: operand(axes, up) }).out?.data ?? []),
];
const numbers = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 3, maxLength: 3 });

test("multiplies up by silu of gate", () => {
  const [a, b, c] = run([0, 1, -1], [7, 2, 3]);
  expect(a).toBe(0);
  expect(b).toBeCloseTo(2 / (1 + Math.exp(-1)), 6);
  expect(c).toBeCloseTo(-3 / (1 + Math.E), 6);
});

test("is linear in up", () => {
  fc.assert(
    fc.property(numbers, numbers, (x, y) => {
      const twice = run(
        x,
        y.map((v) => 2 * v),
      );
      expect(twice).toEqual(run(x, y).map((v) => 2 * v));
    }),
  );
});

test("refuses operands of different axes", () => {
  const operands = { gate: operand(axes), up: operand([axis("tokens", 1), axis("heads", 3)]) };
  expect(() => evaluateOp(swigluOp, operands)).toThrow(
    "gate has the axes [tokens=1, embd=3], but up has [tokens=1, heads=3]",
  );
});
