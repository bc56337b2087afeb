import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { addOp } from "./add.ts";

const axes = [axis("tokens", 1), axis("embd", 3)];
const run = (a: number[], b: number[]) => [
  ...(evaluateOp(addOp, { a: operand(axes, a), b: operand(axes, b) }).out?.data ?? []),
];
const numbers = fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 3, maxLength: 3 });

test("adds element by element", () => {
  expect(run([1, 2, 3], [10, 20, -3])).toEqual([11, 22, 0]);
});

test("doesn't mind the order of its operands", () => {
  fc.assert(
    fc.property(numbers, numbers, (x, y) => {
      expect(run(x, y)).toEqual(run(y, x));
    }),
  );
});

test("refuses operands of different axes", () => {
  const operands = { a: operand(axes), b: operand([axis("tokens", 1), axis("heads", 3)]) };
  expect(() => evaluateOp(addOp, operands)).toThrow(
    "a has the axes [tokens=1, embd=3], but b has [tokens=1, heads=3]",
  );
});
