import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { matmulOp } from "./matmul.ts";

const [tokens, k, n] = [axis("tokens", 2), axis("k", 3), axis("n", 5)];

test("multiplies each row of x with each row of w", () => {
  const w = [1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1, 1, -1, 2];
  const { out } = evaluateOp(matmulOp, {
    x: operand([tokens, k], [1, 2, 3, 4, 5, 6]),
    w: operand([n, k], w),
  });
  expect(out?.shape).toEqual([2, 5]);
  expect([...(out?.data ?? [])]).toEqual([1, 2, 3, 6, 5, 4, 5, 6, 15, 11]);
});

test("is linear in x", () => {
  const numbers = (count: number) =>
    fc.array(fc.integer({ min: -50, max: 50 }), { minLength: count, maxLength: count });
  fc.assert(
    fc.property(numbers(6), numbers(15), fc.integer({ min: -4, max: 4 }), (x, w, factor) => {
      const run = (values: number[]) =>
        evaluateOp(matmulOp, { x: operand([tokens, k], values), w: operand([n, k], w) }).out?.data ?? [];
      const scaled = [...run(x.map((v) => v * factor))];
      expect(scaled.map((v) => v + 0)).toEqual([...run(x)].map((v) => v * factor + 0));
    }),
  );
});

test("names both axes and their sizes when they differ", () => {
  const heads = axis("heads", 7);
  expect(() => evaluateOp(matmulOp, { x: operand([tokens, k]), w: operand([n, heads]) })).toThrow(
    "x ends in axis 'k' (3), but w reads axis 'heads' (7)",
  );
});
