import * as fc from "fast-check";
import { expect, test } from "vitest";
import { axis } from "../axis/axis.ts";
import { evaluateOp, operand } from "../graph/evaluateOp.ts";
import { sigmoidOp } from "./sigmoid.ts";

const sigmoid = (x: number) =>
  evaluateOp(sigmoidOp, { x: operand([axis("embd", 1)], [x]) }).out?.data[0] ?? Number.NaN;

test("is a half at 0 and saturates without overflow", () => {
  expect(sigmoid(0)).toBe(0.5);
  expect(sigmoid(1)).toBeCloseTo(1 / (1 + Math.exp(-1)), 6);
  expect([sigmoid(-1000), sigmoid(1000)]).toEqual([0, 1]);
});

test("sigmoid(x) and sigmoid(−x) add up to 1", () => {
  fc.assert(
    fc.property(fc.float({ min: -80, max: 80, noNaN: true }), (x) => {
      expect(sigmoid(x) + sigmoid(-x)).toBeCloseTo(1, 6);
    }),
  );
});
